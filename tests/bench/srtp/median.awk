# "what;ever;...;number", sorted by all, to the median of each group.
BEGIN { FS = OFS = ";" }
function finish() {
    if (count > 0) print group, values[int((count + 1) / 2)]
}
{
    value = $NF
    NF--
    if ($0 != group) {
        finish()
        group = $0
        count = 0
    }
    values[++count] = value
}
END { finish() }
