#!/bin/sh
# Who may include what: the folders of src/ stand above each other, foreign libraries have their rooms.
# Usage: layers.sh SOURCE_DIR
set -eu
cd "$1"

# Every include as "file line header", the header with its brackets or quotes.
includes=$(find include src examples interop -name '*.[ch]' -exec awk '
    /^[ \t]*#[ \t]*include/ {
        header = $0
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", header)
        sub(/[ \t].*/, "", header)
        print FILENAME, FNR, header
    }' {} +)
[ -n "$includes" ] || { echo "layers: no source was found in $1"; exit 1; }

problems=$(printf '%s\n' "$includes" | awk '
    BEGIN {
        split("base wire dtls srtp peer net cli", folders)
        for (i in folders) rank[folders[i]] = i + 0
        split("assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal " \
              "stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string " \
              "tgmath threads uchar wchar wctype", names)
        for (i in names) standard["<" names[i] ".h>"] = 1
        posix = "^<((sys|net|netinet|arpa)/.*|(dirent|fcntl|getopt|netdb|poll|pthread|search|strings|time|unistd)\\.h)>$"
    }
    function bad(why) { print $1 ":" $2 ": " $3 ": " why }
    {
        depth = split($1, part, "/")
        where = part[1]
        room = where == "src" && depth == 3 ? part[2] : ""
        header = $3
        page = $1 ~ "^examples/browser/" # a program of several files, on libraries of its own
    }
    where == "src" && !(room in rank) { bad("no such room in src/"); next }
    header !~ /^[<"].*[>"]$/ { bad("an include names its header"); next }
    $1 == "include/rtpgate/rtpgate.h" && header == "<rtpgate/endpoint.h>" {
        bad("the part with a socket is included by name")
    }
    header in standard || header ~ /^<rtpgate\// { next }
    $1 == "include/rtpgate/endpoint.h" && header == "<sys/socket.h>" { next }
    page && header ~ "^<(microhttpd[.]h|stun/.*)>$" { next }
    header ~ /^"/ {
        target = substr(header, 2)
        sub(/\/.*/, "", target)
        if ((where == "interop" || page) && header !~ /\//) next
        else if (where != "src") bad("not a public header")
        else if (!(target in rank)) bad("not of the form \"room/file.h\"")
        else if (room == "cli" && target != "cli") bad("cli/ stands on public headers alone")
        else if (rank[target] > rank[room]) bad(room "/ stands above " target "/")
        next
    }
    header ~ /^<(gnutls|nettle)\// {
        if (where != "interop" && room != "dtls" && $1 !~ "^src/srtp/(aes_cm|aes_gcm|hmac_sha1|seal)[.]c$")
            bad("GnuTLS and nettle only in src/dtls/, in the ciphers of src/srtp/ and in its seal.c")
        next
    }
    header ~ /^<srtp[0-9]*\// {
        if (where != "interop" && room != "srtp") bad("libsrtp only in src/srtp/")
        next
    }
    header ~ posix {
        if (where == "include" || (where == "src" && room != "net" && room != "cli"))
            bad("sockets, threads and clocks only in src/net/ and src/cli/")
        next
    }
    where != "interop" { bad("a header that no rule allows here") }
')

strays=$(grep -rnw gnutls_session_t include src examples --include='*.[ch]' |
    grep -v '^src/dtls/engine_gnutls\.c:' || true)
[ -z "$strays" ] || problems="$problems
$strays
gnutls_session_t belongs to src/dtls/engine_gnutls.c alone"

# Only what passes through the one allocator can be made to fail.
takers='malloc|calloc|realloc|reallocarray|aligned_alloc|posix_memalign|alloca|strdup|strndup'
takers="$takers|v?asprintf|getline|getdelim|open_memstream|getaddrinfo|gnutls_(malloc|calloc|realloc|strdup)"
strays=$(grep -rnE "(^|[^[:alnum:]_>.])($takers|free)[[:space:]]*\(" src --include='*.[ch]' |
    grep -v '^src/base/alloc\.c:' || true)
[ -z "$strays" ] || problems="$problems
$strays
memory is taken with rg_alloc and given back with rg_free (src/base/alloc.h)"

if [ -n "$problems" ]; then
    printf '%s\n' "$problems"
    exit 1
fi
printf 'layers: %s includes are in order\n' "$(printf '%s\n' "$includes" | wc -l)"
