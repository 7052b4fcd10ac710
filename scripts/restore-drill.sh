#!/usr/bin/env bash
# Restores PostgreSQL to a point in time, and says how long that takes (RTO) and what is lost (RPO):
#
#     scripts/restore-drill.sh [--rows N] [--archive-timeout SECONDS]
#
# Starts a PostgreSQL of its own that archives its log as docs/operations.md says, fills it with N predictions (20,000)
# by uploads to the real program, takes a base backup in the middle, writes on, and destroys the data folder. Restores
# first everything that the archive has, until the program answers, then the state of a noted moment, and compares every
# table with what it was: number of rows, and a sum over the hashes of all of them. Fails when something differs, or when
# it takes longer (RTO_SECONDS, 900) or loses more (RPO_SECONDS, 300) than promised. Ends with 77 where PostgreSQL is not
# installed. ACCUNODE_BIN names the program. The same for RDS: deploy/ci/restore-drill.sh.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/postgres.sh
. "$here/lib/postgres.sh"
export POLL_SECONDS=0.2
# shellcheck source=../deploy/ci/lib.sh
. "$here/../deploy/ci/lib.sh"

rows=20000 archive_timeout=60
while [ $# -gt 0 ]; do
    case $1 in
        --rows) rows=$2 ;;
        --archive-timeout) archive_timeout=$2 ;;
        *) die "what is $1? The head of this script tells what it takes" ;;
    esac
    shift 2
done
RTO_SECONDS=${RTO_SECONDS:-900} RPO_SECONDS=${RPO_SECONDS:-300}
bin=$(postgres_bin) || { say "skipped: PostgreSQL is not installed"; exit 77; }
accunode=${ACCUNODE_BIN:-}
for candidate in release debug; do
    accunode=${accunode:-$(find "$here/../target/$candidate" -maxdepth 1 -name accunode 2>/dev/null || true)}
done
[ -x "$accunode" ] || die "ACCUNODE_BIN is not set, and nothing is built: cargo build --locked -p accunode"
need_tools curl jq awk psql
base_backup=$bin/pg_basebackup
[ -x "$base_backup" ] || base_backup=$(command -v pg_basebackup) || die "pg_basebackup is not installed"

folder=$(mktemp -d "${TMPDIR:-/tmp}/accunode-restore.XXXXXX")
chmod 711 "$folder"
port=$(free_port) server_port=$(free_port)
server="" beats=""
export DATABASE_URL=postgres://postgres@127.0.0.1:$port/postgres ACCUNODE_DATA_DIR=$folder/app
export SECRET_KEY="a secret of this drill, 32 bytes or more" ACCUNODE_RATE_LIMITS=off LOG_LEVEL=warn
export ACCUNODE_NEW_PASSWORD="a password of this drill 1"
unset REDIS_URL ACCUNODE_FILES

end() {
    local status=$?
    trap '' INT TERM
    set +e
    if [ -n "$beats" ]; then kill "$beats" 2>/dev/null; fi
    if [ -n "$server" ]; then kill -9 "$server" 2>/dev/null; fi
    as_postgres "$bin/pg_ctl" -D "$folder/live" -m immediate -w stop >/dev/null 2>&1
    if [ "$status" != 0 ]; then tail -n 15 "$folder"/*.log >&2; fi
    rm -rf "$folder"
    exit "$status"
}
trap end EXIT
trap 'exit 143' INT TERM

start_postgres() { # [SETTING…]
    local options="-p $port -k $folder/sockets -c listen_addresses=127.0.0.1 -c max_wal_size=4GB $*"
    as_postgres "$bin/pg_ctl" -D "$folder/live" -l "$folder/postgres.log" -o "$options" -w -t 900 start >/dev/null
}
# What a production PostgreSQL needs, too: docs/operations.md, Backups.
archiving=(-c archive_mode=on -c "archive_timeout=$archive_timeout"
    -c "archive_command='test ! -f $folder/archive/%f && cp %p $folder/archive/.%f && mv $folder/archive/.%f $folder/archive/%f'")
query() { psql -X -q -At -v ON_ERROR_STOP=1 "$DATABASE_URL" "$@"; }
answers() { curl -fsS -o "$folder/health" "http://127.0.0.1:$server_port/health" 2>/dev/null; }

start_server() {
    "$accunode" serve --port "$server_port" >/dev/null 2>>"$folder/server.log" &
    server=$!
    until_true 60 "the server answers" answers
}
stop_server() {
    kill "$server"
    wait "$server" || true
    server=""
}

sign_in() {
    jq -nc --arg password "$ACCUNODE_NEW_PASSWORD" '{email: "drill@example.org", password: $password}' |
        curl -fsS "http://127.0.0.1:$server_port/api/v1/auth/login" -H 'Content-Type: application/json' -d @- |
        jq -re .access_token
}

# A portfolio: portfolio PREFIX ROWS
portfolio() {
    awk -v prefix="$1" -v rows="$2" 'BEGIN {
        srand(length(prefix) + rows)
        print "company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter," \
              "long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin," \
              "ebit_to_interest_expense,return_on_assets"
        for (i = 0; i < rows; i++)
            printf "%s%07d,Example %d,%d,Energy,%d,Q4,%.3f,%.3f,%.3f,%.3f,%.3f\n", prefix, i / 4, i / 4, 50 + i % 9000,
                   2020 + i % 4, rand() * 60, rand() * 8, rand() * 30 - 5, rand() * 40 - 2, rand() * 20 - 4
    }'
}

ended() {
    local status
    status=$(query -c "SELECT status FROM bulk_upload_jobs WHERE id = '$1'")
    case $status in
        completed) return 0 ;;
        failed | cancelled) return 2 ;;
    esac
    return 1
}

# Uploads so many rows, in files of at most 250,000, and waits for their end: upload PREFIX ROWS
upload() {
    local prefix=$1 left=$2 token part n=0 id
    token=$(sign_in)
    while [ "$left" -gt 0 ]; do
        part=$((left > 250000 ? 250000 : left)) n=$((n + 1)) left=$((left > 250000 ? left - 250000 : 0))
        portfolio "$prefix$n" "$part" >"$folder/portfolio.csv"
        id=$(curl -fsS "http://127.0.0.1:$server_port/api/v1/predictions/annual/bulk-upload-async" \
            -H "Authorization: Bearer $token" -F "file=@$folder/portfolio.csv" | jq -re .job_id)
        until_true 1800 "upload $prefix$n ends" ended "$id"
    done
}

# Every table: its name, how many rows it has, and a sum over the hashes of all of them.
tables() {
    local each="SELECT format('SELECT %L, count(*), COALESCE(sum((''x'' || left(md5(t::text), 15))::bit(60)::bigint), 0) FROM %I t;',
                              tablename, tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    query -c "$each" | query -F ' '
}

# Puts the base backup in place: recover [SETTING…]
recover() {
    rm -rf "$folder/live"
    cp -a "$folder/base" "$folder/live"
    : >"$folder/live/recovery.signal"
    if [ "$(id -u)" -eq 0 ]; then chown postgres "$folder/live/recovery.signal"; fi
    start_postgres -c "restore_command='cp $folder/archive/%f %p'" -c recovery_target_action=promote -c archive_mode=off "$@"
    until_true "$RTO_SECONDS" "recovery ends" recovered
}
recovered() { [ "$(query -c 'SELECT pg_is_in_recovery()' 2>/dev/null)" = f ]; }

seconds() { date +%s.%N; }
since() { awk -v from="$1" -v to="$(seconds)" 'BEGIN { printf "%.1f", to - from }'; }
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a <= b) }'; }

mkdir "$folder/live" "$folder/base" "$folder/archive" "$folder/sockets" "$folder/app"
chmod 700 "$folder/live" "$folder/base"
if [ "$(id -u)" -eq 0 ]; then
    chown postgres "$folder/live" "$folder/base" "$folder/archive" "$folder/sockets"
    touch "$folder/postgres.log" && chown postgres "$folder/postgres.log"
fi
as_postgres "$bin/initdb" --no-sync -D "$folder/live" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
start_postgres "${archiving[@]}"
"$accunode" migrate 2>>"$folder/server.log"
"$accunode" admin create-user --email drill@example.org --role super_admin >/dev/null 2>>"$folder/server.log"
start_server
say "uploading $rows rows"
began=$(seconds)
upload A $((rows * 4 / 5))
as_postgres "$base_backup" -h "$folder/sockets" -p "$port" -U postgres -D "$folder/base" -c fast --no-sync
upload B $((rows - rows * 4 / 5))
say "uploaded after $(since "$began") s, with a base backup behind four fifths of it"

# The moment to come back to: nobody writes, so every row of it is known.
stop_server
tables >"$folder/before"
moment=$(query -c "SELECT clock_timestamp()")
start_server
upload C 200
[ "$(tables | md5sum)" != "$(md5sum <"$folder/before")" ] || die "what was written later does not show"
# A sign of life five times a second, until everything is gone in the middle.
query -c "CREATE TABLE drill_beats (at timestamptz NOT NULL)"
while :; do echo "INSERT INTO drill_beats VALUES (clock_timestamp());"; sleep 0.2; done | query >/dev/null 2>&1 &
beats=$!
sleep $((archive_timeout + 3))
gone=$(query -c "SELECT extract(epoch FROM clock_timestamp())")
kill -9 "$server"
wait "$server" 2>/dev/null || true
server=""
as_postgres "$bin/pg_ctl" -D "$folder/live" -m immediate -w stop >/dev/null
kill "$beats" 2>/dev/null || true
beats=""
rm -rf "$folder/live"
say "destroyed the data folder ($(find "$folder/archive" -type f | wc -l) archived segments are left)"

began=$(seconds)
recover
restored=$(since "$began")
"$accunode" doctor >"$folder/doctor.log" || die "the restored database is not sound"
start_server
rto=$(since "$began")
rpo=$(query -c "SELECT round($gone - extract(epoch FROM max(at)), 1) FROM drill_beats")
"$accunode" admin verify-audit >"$folder/audit.log" || die "the audit chain is broken"
say "$(tail -n 1 "$folder/audit.log"); $(query -c 'SELECT count(*) FROM annual_predictions') predictions"
stop_server
as_postgres "$bin/pg_ctl" -D "$folder/live" -m immediate -w stop >/dev/null

recover -c "recovery_target_time='$moment'"
tables >"$folder/after"
diff "$folder/before" "$folder/after" >&2 || die "the tables are not what they were at $moment"

echo "RTO $rto s until the program answers ($restored s until the database does; promised: $RTO_SECONDS s)"
echo "RPO $rpo s of writes lost with a segment archived every $archive_timeout s (promised: $RPO_SECONDS s)"
echo "$(wc -l <"$folder/before") tables are equal row by row at the noted moment"
at_most "$rto" "$RTO_SECONDS" || die "that took longer than promised"
at_most "$rpo" "$RPO_SECONDS" || die "more was lost than promised"
