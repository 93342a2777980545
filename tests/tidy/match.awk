# First file: pattern, rule, text, files, except (tab-separated). Second: stripped code as file, line,
# code. Prints "file:line", rule and text wherever a pattern matches.
NR == FNR { n++; pattern[n] = $1; rule[n] = $2; text[n] = $3; want[n] = $4; except[n] = $5; next }
{
  for (i = 1; i <= n; i++)
    if ($3 ~ pattern[i] && $1 ~ want[i] && $1 !~ except[i]) print $1 ":" $2 "\t" rule[i] "\t" text[i]
}
