#!/bin/sh
# Makes the seeds again: real objects, keys and signatures by git, gpg and ssh-keygen.
# The keys are THROW-AWAY: they are made here, and their secret halves are deleted at the end.
set -eu
cd "$(dirname "$0")"
out=$PWD/seeds
work=$(mktemp -d)
trap 'GNUPGHOME=$work/g gpgconf --kill all; rm -rf "$work"' EXIT
mkdir -m 700 "$work/g"
export GNUPGHOME="$work/g" HOME="$work" GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_DATE='2026-01-25T11:00:00Z' GIT_COMMITTER_DATE='2026-01-25T11:00:00Z'
for target in commit tag tree identity key_file openpgp ssh history; do
    mkdir -p "$out/$target"
done

gpg() { command gpg --batch --quiet --passphrase '' --pinentry-mode loopback "$@"; }
for kind in ed25519 rsa3072 nistp256; do
    gpg --quick-generate-key "THROW-AWAY $kind <$kind@example.org>" "$kind" sign 2036-01-01
done
fpr=$(gpg --list-keys --with-colons ed25519@example.org | awk -F: '/^fpr/ { print $10; exit }')
gpg --quick-add-key "$fpr" ed25519 sign 2035-01-01
ssh-keygen -q -t ed25519 -N '' -C one -f "$work/ed25519"
ssh-keygen -q -t ecdsa -b 384 -N '' -C two -f "$work/ecdsa"
ssh-keygen -q -t rsa -b 2048 -N '' -C three -f "$work/rsa"

gpg --armor --export > "$out/key_file/openpgp.asc"
gpg --export ed25519@example.org > "$out/key_file/openpgp.bin"
cat "$work"/*.pub > "$out/key_file/ssh.pub"
cp "$out/key_file/openpgp.asc" fixed/keys.asc
mkdir -p "$out/certificates"
cp "$out"/key_file/openpgp.* "$out/certificates"

for kind in ed25519 rsa3072 nistp256; do
    gpg --armor --detach-sign --local-user "$kind@example.org" < fixed/payload > "$out/openpgp/$kind"
done
gpg --armor --detach-sign --textmode --local-user rsa3072@example.org < fixed/payload > "$out/openpgp/text"
gpg --armor --sign --local-user ed25519@example.org < fixed/payload > "$out/openpgp/compressed"
for kind in ed25519 ecdsa rsa; do
    ssh-keygen -q -Y sign -n git -f "$work/$kind" < fixed/payload > "$out/ssh/$kind"
done
# Without their armor, which the targets put on again: so that what is in it is changed as well.
for file in "$out"/openpgp/* "$out"/ssh/*; do
    sed '/^[-=]/d' "$file" | base64 -d > "$file.bin"
done

for format in sha1 sha256; do
    git init --quiet --template= --initial-branch=main --object-format=$format "$work/$format"
    cd "$work/$format"
    git config user.name 'A U Thor'
    git config user.email a@example.org
    mkdir -p keys src/deep
    echo 1 > keys/a && echo 2 > src/deep/b && echo 3 > src.txt && ln -s a keys/l
    git add . && git commit --quiet -m 'first'
    git commit --quiet --allow-empty "-Sed25519@example.org" -m 'signed

Co-authored-by: B <b@example.org>
Reviewed-by: C <c@example.org>'
    git tag -u ed25519@example.org -m 'a tag' v1
    git checkout --quiet -b side HEAD~1
    git commit --quiet --allow-empty -m side
    git tag -u ed25519@example.org -m side v2
    git checkout --quiet main
    git -c gpg.format=ssh -c user.signingKey="$work/ed25519" merge --quiet --no-edit -S v2
    n=0
    for name in HEAD HEAD~1 HEAD~2; do
        git cat-file commit $name > "$out/commit/$format-$n"
        n=$((n + 1))
    done
    git cat-file tag v1 > "$out/tag/$format-signed"
    git tag -a -m 'no signature' v3 && git cat-file tag v3 > "$out/tag/$format-plain"
    git cat-file tree HEAD^{tree} > "$out/tree/$format-root"
    git cat-file tree HEAD:keys > "$out/tree/$format-keys"
    git log -1 --format='%an <%ae> %ad' --date=raw > "$out/identity/$format"
    truncate -s -1 "$out/identity/$format"
    git checkout --quiet --orphan small && git rm -rfq --cached . && rm -rf ./*
    seq 1 300 > numbers && git add numbers && git commit --quiet -m one
    seq 1 303 > numbers && git add numbers && git commit --quiet -m two
    git bundle create -q "$out/history/$format" refs/heads/small HEAD
    cd - > /dev/null
done
# What was found once.
sed 's/^tagger .*/tagger/' "$out/tag/sha1-plain" > "$out/tag/sha1-empty-tagger"
LC_ALL=C sed 's/100644 src.txt/1100644 src.txt/' "$out/tree/sha1-root" > "$out/tree/sha1-long-mode"
