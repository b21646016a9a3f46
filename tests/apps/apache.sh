#!/bin/sh
# SPDX-License-Identifier: MIT
# Apache with key references, by processes (prefork) and by threads (event):
# RSA and EC, an HSM that is away at the start and later, graceful restarts,
# and children that are killed.
. "${0%/*}/../server.sh"

server_files
# shellcheck disable=SC2046 # words
set -- $(free_ports 2)
modules=/usr/lib/apache2/modules
echo "apache here" >index.html

# conf MPM
conf() {
    cat >"$1.conf" <<TEXT
ServerRoot $work
ServerName localhost
DefaultRuntimeDir $work
PidFile $work/$1.pid
ErrorLog $work/$1.log
LoadModule mpm_$1_module $modules/mod_mpm_$1.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule dir_module $modules/mod_dir.so
LoadModule ssl_module $modules/mod_ssl.so
StartServers 2
DocumentRoot $work
SSLProtocol -all +TLSv1.2 +TLSv1.3
SSLSessionCache none
SSLSessionTickets off
Listen 127.0.0.1:$2
Listen 127.0.0.1:$3
<VirtualHost 127.0.0.1:$2>
    SSLEngine on
    SSLCertificateFile $work/rsa.crt
    SSLCertificateKeyFile $work/rsa.key
</VirtualHost>
<VirtualHost 127.0.0.1:$3>
    SSLEngine on
    SSLCertificateFile $work/ec.crt
    SSLCertificateKeyFile $work/ec.key
</VirtualHost>
TEXT
    case $1 in
    prefork) printf '%s\n' "MinSpareServers 2" "MaxSpareServers 2" ;;
    *) printf '%s\n' "ThreadsPerChild 4" "MinSpareThreads 4" \
        "MaxSpareThreads 8" "MaxRequestWorkers 8" ;;
    esac >>"$1.conf"
}

for mpm in prefork event; do
    conf $mpm "$1" "$2"
    apache="apache2 -f $work/$mpm.conf"
    hsm_down
    # shellcheck disable=SC2086 # words
    {
        check "$mpm: apache2 -t without an HSM" program $apache -t
        serve $apache -DFOREGROUND
    }
    listening "$1" "$2"
    lives "apache starts without an HSM"
    fails "  where a handshake" handshake "$1" 3
    hsm_up
    answers "$1" rsa
    answers "$2" ec
    check "a page by curl" curl -sS --cacert ca.pem "https://localhost:$1/" \
        --resolve "localhost:$1:127.0.0.1"
    output_has "  is the page" '^apache here$'
    outage "$1" rsa

    old=$(children)
    control reset >/dev/null
    kill -USR1 "$server"
    # shellcheck disable=SC2086 # words
    check "a graceful restart replaces the children" await gone $old
    no_request "  without a request"
    answers "$1" rsa
    hsm_down
    old=$(children)
    kill -HUP "$server"
    # shellcheck disable=SC2086 # words
    check "a restart without an HSM replaces them too" await gone $old
    hsm_up
    answers "$2" ec

    # shellcheck disable=SC2046 # words
    kill -KILL $(children)
    answers "$1" rsa
    answers "$2" ec
    zombies "killed children are replaced"
    server_ends
done

finish_servers
