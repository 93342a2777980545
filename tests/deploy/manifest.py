"""Reads deploy/kubernetes as the cluster would: YAML, the overlay's patches, the job's policy.

Only as much of YAML as the manifests use, so that no package is needed; what it does not know it
refuses with the line's number.
"""
import copy
import os
import re
import shlex


class Unreadable(Exception):
    pass


# --- YAML ---

def _without_comment(line):
    quote = None
    for at, char in enumerate(line):
        if quote:
            if char == quote:
                quote = None
        elif char in "\"'" and (at == 0 or line[at - 1] in " [{,"):
            quote = char
        elif char == "#" and (at == 0 or line[at - 1] == " "):
            return line[:at]
    return line


def _scalar(text):
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    if re.fullmatch(r"0[0-7]+", text):  # YAML 1.1, as Kubernetes reads it
        return int(text, 8)
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if text[:1] in "&*!|>%@`":
        raise Unreadable("not used in our manifests: " + text)
    return {"true": True, "false": False, "null": None, "~": None, "": None}.get(text, text)


def _flow(text):
    """A value within one line: [..], {..} or a scalar; gives it and what is left."""
    text = text.lstrip()
    if text[:1] in "[{":
        close, rest = {"[": "]", "{": "}"}[text[0]], text[1:].lstrip()
        out = [] if close == "]" else {}
        while not rest.startswith(close):
            if close == "}":
                key, rest = re.match(r"([\w.-]+):\s*(.*)", rest).groups()
                out[key], rest = _flow(rest)
            else:
                one, rest = _flow(rest)
                out.append(one)
            rest = rest.lstrip()
            if rest.startswith(","):
                rest = rest[1:].lstrip()
            elif not rest.startswith(close):
                raise Unreadable("a flow value does not end: " + text)
        return out, rest[1:]
    plain = re.match(r"\"[^\"]*\"|'[^']*'|[^,\]}]*", text).group()
    return _scalar(plain.strip()), text[len(plain):]


def _value(text):
    if text[:1] in "[{":
        out, rest = _flow(text)
        if rest.strip():
            raise Unreadable("text after a flow value: " + rest)
        return out
    return _scalar(text)


def _block(lines, indent):
    """The map or list that begins with lines[0] at that indent; takes its lines away."""
    out = None
    while lines and lines[0][0] == indent:
        _, text, number = lines.pop(0)
        if text == "-" or text.startswith("- "):
            out = [] if out is None else out
            rest = text[1:].strip()
            if re.match(r"[\w./-]+:(\s|$)", rest):  # a map whose first key stands behind the dash
                lines.insert(0, (indent + 2, rest, number))
                out.append(_block(lines, indent + 2))
            elif rest:
                out.append(_value(rest))
            else:
                out.append(_block(lines, lines[0][0]))
            continue
        found = re.match(r"([\w./-]+):(?:\s+(.*))?$", text)
        if not found:
            raise Unreadable(f"line {number}: {text}")
        out = {} if out is None else out
        key, rest = found.group(1), found.group(2)
        if key in out:
            raise Unreadable(f"line {number}: {key} stands twice")
        if rest:
            out[key] = _value(rest)
        elif lines and (lines[0][0] > indent or
                        (lines[0][0] == indent and lines[0][1].startswith("-"))):
            out[key] = _block(lines, lines[0][0])
        else:
            out[key] = None
    return out


def parse(text):
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        line = _without_comment(line).rstrip()
        if line.strip():
            lines.append((len(line) - len(line.lstrip()), line.strip(), number))
    out = _block(lines, lines[0][0])
    if lines:
        raise Unreadable(f"line {lines[0][2]}: its indent fits nothing")
    return out


def load(path):
    with open(path) as text:
        return parse(text.read())


# --- kustomize, as far as our overlays use it ---

def build(folder):
    """The objects of a kustomization by kind, and the files of its config maps by name."""
    here = load(os.path.join(folder, "kustomization.yaml"))
    objects, config_maps = {}, {}
    for name in here["resources"]:
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            more, maps = build(path)
            objects.update(more)
            config_maps.update(maps)
        else:
            one = load(path)
            objects[one["kind"]] = one
    for generator in here.get("configMapGenerator", []):
        files = [os.path.join(folder, name) for name in generator["files"]]
        config_maps[generator["name"]] = {os.path.basename(path): path for path in files}
    for patch in here.get("patches", []):
        target = patch["target"]
        if objects[target["kind"]]["metadata"]["name"] != target["name"]:
            raise Unreadable("a patch without its target: " + target["name"])
        objects[target["kind"]] = _patched(objects[target["kind"]],
                                           load(os.path.join(folder, patch["path"])))
    return objects, config_maps


def _patched(document, operations):
    document = copy.deepcopy(document)
    for operation in operations:
        *parents, last = operation["path"].strip("/").split("/")
        place = document
        for part in parents:
            place = place[int(part) if isinstance(place, list) else part]
        if operation["op"] != "replace" or last not in place:
            raise Unreadable("only what is there is replaced: " + operation["path"])
        place[last] = operation["value"]
    return document


class CronJob:
    """What the kubelet and the job controller read from the manifest."""

    def __init__(self, folder):
        objects, self.config_maps = build(folder)
        self.spec = objects["CronJob"]["spec"]
        self.job = self.spec["jobTemplate"]["spec"]
        self.pod = self.job["template"]["spec"]
        [self.container] = self.pod["containers"]
        self.command = self.container["command"] + self.container["args"]
        self.env = {one["name"]: one["value"] for one in self.container.get("env", [])}
        self.user = self.pod["securityContext"]["runAsUser"]
        self.group = self.pod["securityContext"]["runAsGroup"]
        self.fs_group = self.pod["securityContext"]["fsGroup"]
        self.grace_s = self.pod["terminationGracePeriodSeconds"]
        self.volumes = {one["name"]: one for one in self.pod["volumes"]}
        self.mounts = self.container["volumeMounts"]

    def secrets(self):
        return {one["secret"]["secretName"] for one in self.volumes.values() if "secret" in one}

    def action(self, code):
        """What podFailurePolicy says about a pod that ended with this code by itself."""
        if code == 0:
            return "Succeed"
        for rule in self.job["podFailurePolicy"]["rules"]:
            on = rule.get("onExitCodes")
            if on is None:  # about conditions of the pod, not about its end
                continue
            if on.get("containerName", self.container["name"]) != self.container["name"]:
                continue
            if (code in on["values"]) == (on["operator"] == "In"):
                return rule["action"]
        return "Count"

    def run_job(self, start):
        """One job: `start(n)` runs the n-th pod and gives its exit code. Gives how the job ended
        and the codes. Pods that were disrupted (action Ignore) are not for this."""
        codes = []
        while True:
            codes.append(start(len(codes) + 1))
            action = self.action(codes[-1])
            if action == "Succeed":
                return "succeeded", codes
            if action == "FailJob":
                return "failed", codes
            if len(codes) > self.job["backoffLimit"]:
                return "failed", codes


# --- systemd and cron ---

class Unit:
    """A systemd unit: the last value of each key, and every value of those that may repeat."""

    def __init__(self, path):
        self.all = {}
        with open(path) as text:
            for line in text:
                if "=" in line and not line.startswith("#"):
                    key, value = line.strip().split("=", 1)
                    self.all.setdefault(key, []).append(value)

    def __getitem__(self, key):
        return self.all[key][-1]

    def command(self):
        return shlex.split(self["ExecStart"])

    def credentials(self):
        """Name to the path on the machine."""
        return dict(one.split(":", 1) for one in self.all["LoadCredential"])


def seconds(text):
    """systemd's and timeout's spelling: 55min, 55m, 120."""
    number, unit = re.fullmatch(r"(\d+)\s*(min|m|s|h)?", text).groups()
    return int(number) * {"min": 60, "m": 60, "h": 3600}.get(unit, 1)


class CronLine:
    def __init__(self, path):
        self.env = {}
        with open(path) as text:
            for line in text:
                line = line.strip()
                found = re.fullmatch(r"(\w+)=(.*)", line)
                if found:
                    self.env[found.group(1)] = found.group(2)
                elif line and not line.startswith("#"):
                    *self.times, self.user, self.command = line.split(None, 6)
