#!/usr/bin/env bash
# Runbooks are commands that somebody copies in a hurry: every block is sound shell, every script, target and file that
# is named is there, every subcommand of the program is one, and the real aws command accepts every call.
set -euo pipefail
# shellcheck source=support/common.sh
. "$(dirname "$0")/support/common.sh"
cd "$root"
runbooks=(deploy/runbooks/*.md deploy/runbooks/alerts/*.md)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One file for each block, and one line for each `aws …` in the text, its pictures of other commands left out.
python3 - "$work" "${runbooks[@]}" <<'PYTHON'
import pathlib, re, sys
folder, files = pathlib.Path(sys.argv[1]), sys.argv[2:]
number = 0
for file in files:
    text = pathlib.Path(file).read_text()
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        if not (pathlib.Path(file).parent / link).exists():
            sys.exit(f"{file}: the link to {link} leads nowhere")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.S | re.M)
    blocks += [f"{command}\n" for command in re.findall(r"`((?:aws|accunode|deploy/)[^`]* [^`]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M))]
    for block in blocks:
        number += 1
        (folder / f"{number:03d}-{pathlib.Path(file).stem}.sh").write_text(block)
print(f"runbooks: {len(files)} files, {number} commands and blocks; links lead somewhere")
PYTHON
for block in "$work"/*.sh; do
    bash -n "$block" || fail "$(basename "$block"): not sound shell"
    while read -r path; do
        if [[ $path == deploy/bin/* || $path == deploy/terraform/* ]] && [ ! -e deploy/terraform ]; then continue; fi
        [ -e "$path" ] || fail "$(basename "$block"): there is no $path"
    done < <(grep -oE '\b(deploy|docs|scripts)/[A-Za-z0-9_./-]+[A-Za-z0-9]' "$block" | grep -v '/\.env$' || true)
    while read -r target; do
        grep -q "^$target:" Makefile || fail "$(basename "$block"): there is no make $target"
    done < <(grep -oE '^make [a-z-]+' "$block" | cut -d' ' -f2 || true)
done
[ -e deploy/terraform ] || skip "deploy/bin and deploy/terraform are not in this tree"
say "every block is sound shell; scripts, files and targets are there"
[ -z "$quick" ] || exit 0

# --- The program's own commands ------------------------------------------------------------------------------------
find_program
if [ -n "$binary" ]; then
    while read -r -a words; do
        # With --help nothing is done, and what is unknown before it is refused.
        "$binary" "${words[@]:1}" --help >/dev/null 2>&1 || fail "the program does not know: ${words[*]}"
    done < <(grep -hE '^accunode ' "$work"/*.sh)
    say "the program knows every command"
else
    skip "the program is not built, so nobody looks at its commands"
fi

# --- The commands of aws -------------------------------------------------------------------------------------------
python_tools || { skip "the real aws command cannot be installed"; exit 0; }
mkdir "$work/bin"
cat >"$work/bin/aws" <<SHIM
#!/usr/bin/env bash
# Got as far as the network: accepted. The answer goes on as something that later commands can use.
said=\$("$tools/venv/bin/aws" "\$@" --endpoint-url http://127.0.0.1:9 2>&1)
case \$said in
    *"Could not connect to the endpoint"*) ;;
    *) printf 'aws %s\n%s\n' "\$*" "\$said" >>"$work/refused" ;;
esac
echo "aws \$1 \$2" >>"$work/accepted"
echo x
SHIM
chmod +x "$work"/bin/*
for block in "$work"/*.sh; do
    grep -q '\baws ' "$block" || continue
    # Only the calls of aws are made; everything else in a block is left out.
    {
        echo '. deploy/runbooks/names.sh prod'
        grep -E '^ *(aws |for |done$|. deploy/runbooks)' "$block" || true
    } >"$block.run"
    PATH=$work/bin:$PATH AWS_MAX_ATTEMPTS=1 AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x \
        bash "$block.run" >/dev/null
    [ ! -f "$work/refused" ] || fail "$(basename "$block"): the real aws refuses: $(cat "$work/refused")"
done
say "aws accepts all of $(wc -l <"$work/accepted") calls"
say "passed"
