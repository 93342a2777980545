#!/usr/bin/env python3
"""What a careful script does: tuples in a dict, people streamed past, twenty attributes compared.

Usage: plan_peer.py DIR. Prints the same counts as plan_bench.
"""
import csv
import json
import sys

ATTRIBUTES = ("login email firstName lastName displayName title department division organization "
              "costCenter manager managerId userType mobilePhone primaryPhone streetAddress city "
              "state zipCode countryCode").split()


def main(folder):
    org = {}
    with open(folder + "/org.jsonl", encoding="utf-8") as pages:
        for page in pages:
            for user in json.loads(page):
                profile = user["profile"]
                org[profile["employeeNumber"]] = (user["id"], user["status"],
                                                  tuple([profile[a] for a in ATTRIBUTES]))
    same = changed = joiners = people = 0
    accounts = len(org)
    with open(folder + "/hr.csv", encoding="utf-8", newline="") as feed:
        rows = csv.reader(feed)
        next(rows)
        for row in rows:
            people += 1
            found = org.pop(row[0], None)
            if found is None:
                joiners += 1
            elif found[2] == tuple(row[1:]):
                same += 1
            else:
                changed += 1
    print(people, accounts, same, changed, joiners, len(org))


main(sys.argv[1])
