# Sums a callgrind profile by layer: each foreign library is one, of the program itself each room.
# Usage: awk -v count=N -f layers.awk CALLGRIND_OUT    lines "layer;instructions", divided by N

# What stands for "(number)", or "(number) name" where it comes first.
function name_of(names, text,    number) {
    number = text
    sub(/^[a-z]+=/, "", number)
    text = number
    sub(/\).*/, ")", number)
    if (match(text, /\) /)) names[number] = substr(text, RSTART + 2)
    return names[number]
}
function layer_of(object, file) {
    if (object !~ /bench\/srtp$/) {
        sub(/.*\//, "", object)
        sub(/\.so.*/, "", object)
        return object
    }
    if (file ~ /src\/srtp\/(aes_cm|aes_gcm|hmac_sha1)\.c$/) return "its ciphers"
    return file ~ /src\/[a-z]+\/[a-z_0-9]+\.[ch]$/ ? "its media layer" : "benchmark"
}
/^ob=/ { object = name_of(objects, $0); next }
/^cob=/ { name_of(objects, $0); next }
/^f[lie]=/ { file = name_of(files, $0); next }
/^cf[il]=/ { name_of(files, $0); next }
/^calls=/ { skip = 1; next } # the line after it is the callee's cost
/^[0-9+*-]/ {
    if (!skip) sum[layer_of(object, file)] += $2
    skip = 0
}
END { for (layer in sum) printf "%s;%.3f\n", layer, sum[layer] / count }
