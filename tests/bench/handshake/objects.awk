# Sums a callgrind profile by library: lines of instructions and the library's name.
# Usage: awk -f objects.awk CALLGRIND_OUT

# A name is spelled out once, wherever it comes first.
/^c?ob=/ {
    number = $0
    sub(/^c?ob=/, "", number)
    sub(/\).*/, ")", number)
    if (match($0, /\) /)) path[number] = substr($0, RSTART + 2)
    if (/^ob=/) current = number
    next
}
/^calls=/ { skip = 1; next } # the line after it is the callee's cost
/^[0-9+*-]/ {
    if (!skip) sum[current] += $2
    skip = 0
}

END {
    for (number in sum) {
        name = path[number]
        sub(/.*\//, "", name)
        sub(/\.so.*/, "", name)
        print sum[number] "\t" name
    }
}
