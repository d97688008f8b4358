"""Who may open what of the portal: every address, everybody who may come, by GET and by POST.

It refuses to know how it is asked. A new address without its row fails the test that reads this.
"""

from __future__ import annotations

from kit.portal import home
from kit.visitors import FAMILY, GROUPS

#  ok   a page or file                       on   a redirect that leads on within the portal
#  in   sent to sign in, and back            no   a lawful "no" with its reason (409, 422)
#  404  does not exist for them              405  not a form
#  key  asks for a signed token, whoever is signed in (401); type: not a form (415)
#  pub  open to one role alone: the page (200), what it lacks (422); 404 to others
#  bad  a link that is no good (400)
#  act  the act's page, or why it is not open (200, 409): see the matrix of acts below
TABLE = """
address                        anonymous  own      other    officer
door                           on/405     on/405   on/405   on/405
home                           ok/405     ok/405   ok/405   ok/405
law                            ok/405     ok/405   ok/405   ok/405
register                       ok/405     ok/405   ok/405   ok/405
register-any                   on/405     on/405   on/405   on/405
register-download              ok/405     ok/405   ok/405   ok/405
entry                          ok/405     ok/405   ok/405   ok/405
check                          ok/no      ok/no    ok/no    ok/no
label                          ok/no      ok/no    ok/no    ok/no
scope                          ok/405     ok/405   ok/405   ok/405
transparency                   ok/405     ok/405   ok/405   ok/405
transparency-file              ok/405     ok/405   ok/405   ok/405
complaint                      ok/no      ok/no    ok/no    ok/no
complaint-look                 ok/no      ok/no    ok/no    ok/no
api-complaint-process          ok/405     ok/405   ok/405   ok/405
api-complain                   405/type   405/type 405/type 405/type
api-complaint-page             405/type   405/type 405/type 405/type
data                           ok/405     ok/405   ok/405   ok/405
data-set                       ok/405     ok/405   ok/405   ok/405
data-set-any                   on/405     on/405   on/405   on/405
data-version-any               on/405     on/405   on/405   on/405
annotation                     ok/405     ok/405   ok/405   ok/405
annotation-rules               ok/405     ok/405   ok/405   ok/405
annotation-add                 in/in      ok/no    ok/no    404/404
annotation-record              in/in      ok/no    ok/no    404/404
data-sample                    in/in      ok/no    404/404  ok/no
data-sample-close              405/in     405/on   405/404  405/404
data-of-model                  in/405     404/405  404/405  ok/405
data-use                       in/in      ok/no    ok/no    404/404
data-chain                     in/405     404/405  404/405  ok/405
data-tokens                    in/in      ok/ok    ok/ok    404/404
data-receipts                  in/405     ok/405   ok/405   404/405
data-publish                   in/in      ok/no    ok/no    404/404
data-content                   in/405     bad/405  bad/405  404/405
data-ask                       in/in      ok/no    ok/no    404/404
data-withdraw                  in/in      ok/no    404/404  ok/no
data-desk                      in/405     404/405  404/405  ok/405
data-decide                    in/in      404/404  404/404  ok/no
compute                        ok/405     ok/405   ok/405   ok/405
compute-file                   ok/405     ok/405   ok/405   ok/405
compute-pools                  in/405     ok/405   ok/405   404/405
compute-pool-new               in/in      ok/no    ok/no    404/404
compute-pool                   in/in      ok/no    404/404  404/404
compute-bill                   in/in      ok/no    ok/no    404/404
compute-needs                  in/405     ok/405   ok/405   404/405
compute-need-new               in/in      ok/no    ok/no    404/404
compute-need                   in/in      ok/no    404/404  404/404
compute-job                    in/in      ok/no    404/404  404/404
compute-result                 in/405     ok/405   404/405  404/405
compute-vouchers               in/in      ok/no    ok/no    404/404
compute-desk                   in/405     404/405  404/405  ok/405
compute-policy                 in/in      404/404  404/404  ok/no
compute-what-if                in/405     404/405  404/405  ok/405
compute-accounts               in/in      404/404  404/404  ok/no
compute-payment                in/in      404/404  404/404  ok/no
compute-claim                  in/in      404/404  404/404  ok/no
compute-dispute                in/in      404/404  404/404  ok/no
measure-any                    on/405     on/405   on/405   on/405
measure                        ok/no      ok/no    ok/no    ok/no
measure-list                   key/405    key/405  key/405  key/405
asset                          ok/405     ok/405   ok/405   ok/405
jwks                           ok/405     ok/405   ok/405   ok/405
status-list                    ok/405     ok/405   ok/405   ok/405
public-file                    ok/405     ok/405   ok/405   ok/405
ledger-part                    ok/405     ok/405   ok/405   ok/405
ledger-receipt                 ok/405     ok/405   ok/405   ok/405
ledger-key                     ok/405     ok/405   ok/405   ok/405
api-openapi                    ok/405     ok/405   ok/405   ok/405
api-keys                       ok/405     ok/405   ok/405   ok/405
api-listings                   ok/405     ok/405   ok/405   ok/405
api-listing                    ok/405     ok/405   ok/405   ok/405
api-cases                      key/405    key/405  key/405  key/405
api-case                       key/405    key/405  key/405  key/405
api-proceedings                key/405    key/405  key/405  key/405
api-keepers                    key/405    key/405  key/405  key/405
api-proceeding                 key/405    key/405  key/405  key/405
api-proof                      key/405    key/405  key/405  key/405
api-pools                      key/405    key/405  key/405  key/405
api-pool                       405/405    405/405  405/405  405/405
api-needs                      key/405    key/405  key/405  key/405
api-ask                        405/type   405/type 405/type 405/type
api-need                       key/405    key/405  key/405  key/405
api-accept                     405/type   405/type 405/type 405/type
api-jobs                       key/405    key/405  key/405  key/405
api-job                        key/405    key/405  key/405  key/405
api-stop                       405/key    405/key  405/key  405/key
api-message                    key/405    key/405  key/405  key/405
api-attach                     405/405    405/405  405/405  405/405
api-send                       405/type   405/type 405/type 405/type
api-enrol                      405/type   405/type 405/type 405/type
api-licence                    405/405    405/405  405/405  405/405
api-nothing                    404/404    404/404  404/404  404/404
me                             in/405     ok/405   ok/405   ok/405
notices                        in/in      ok/on    ok/on    ok/on
desk                           in/405     ok/405   ok/405   ok/405
start                          in/in      ok/no    ok/no    404/404
case                           in/405     ok/405   404/405  ok/405
section                        in/in      ok/on    404/404  404/404
do                             in/in      404/404  404/404  act/no
token                          in/in      ok/no    404/404  404/404
attachment                     in/405     ok/405   404/405  ok/405
receipt                        in/405     ok/405   404/405  ok/405
proceedings                    in/405     ok/405   ok/405   ok/405
overview                       in/405     404/405  404/405  ok/405
proceeding-start               in/in      ok/no    ok/no    404/404
proceeding                     in/405     ok/405   404/405  ok/405
proceeding-do                  in/in      404/404  404/404  act/no
key                            in/in      ok/no    ok/no    ok/no
dossiers                       in/in      ok/404   ok/404   ok/404
dossier                        in/405     ok/405   404/405  ok/405
dossier-section                in/in      ok/on    404/404  404/404
dossier-chain                  in/in      ok/no    404/404  ok/404
dossier-publish                in/in      pub/pub  404/404  404/404
dossier-do                     in/in      404/404  404/404  act/no
exhibit                        in/405     ok/405   404/405  ok/405
orders                         in/405     ok/405   ok/405   ok/405
order-new                      in/in      404/404  404/404  pub/pub
order                          in/405     ok/405   404/405  ok/405
order-do                       in/in      404/404  404/404  act/no
order-share                    in/in      404/404  404/404  404/404
order-view                     in/in      404/404  404/404  pub/pub
public-dossier                 ok/405     ok/405   ok/405   ok/405
samples                        in/in      ok/no    ok/no    ok/no
sample                         in/405     ok/405   404/405  404/405
sample-label                   in/in      ok/no    404/404  404/404
sample-decide                  in/in      on/on    404/404  404/404
sample-labels                  in/405     ok/405   404/405  404/405
sample-close                   405/in     405/on   405/404  405/404
account_login                  ok/ok      on/on    on/on    on/on
account_logout                 on/on      ok/on    ok/on    ok/on
account_change_password        in/in      ok/ok    ok/ok    ok/ok
account_reauthenticate         in/in      ok/ok    ok/ok    ok/ok
mfa_index                      in/in      ok/405   ok/405   ok/405
mfa_authenticate               in/in      on/on    on/on    on/on
mfa_reauthenticate             in/in      on/on    on/on    ok/ok
mfa_activate_totp              in/in      on/on    on/on    on/on
account_inactive               ok/405     ok/405   ok/405   ok/405
mfa_deactivate_totp            in/in      404/404  404/404  on/on
mfa_list_webauthn              in/in      ok/405   ok/405   ok/405
mfa_add_webauthn               in/in      on/on    on/on    on/on
mfa_remove_webauthn            in/in      on/on    on/on    on/on
mfa_reauthenticate_webauthn    in/in      on/on    on/on    on/on
mfa_login_webauthn             in/in      on/on    on/on    on/on
openid_connect_login           404/404    404/404  404/404  404/404
openid_connect_callback        404/404    404/404  404/404  404/404
socialaccount_login_cancelled  ok/405     ok/405   ok/405   ok/405
mfa_view_recovery_codes        in/in      404/405  404/405  404/405
mfa_generate_recovery_codes    in/in      on/on    on/on    on/on
"""
FAMILIES = """
address                        anonymous  own      other    officer  guardian child
family                         ok/405     ok/405   ok/405   ok/405   ok/405   ok/405
family-join                    ok/ok      on/on    on/on    on/on    on/on    ok/ok
family-invite                  in/in      404/404  404/404  404/404  ok/ok    in/in
family-child                   in/405     404/405  404/405  404/405  ok/405   in/405
family-limits                  in/in      404/404  404/404  404/404  ok/ok    in/in
family-answer                  405/in     405/404  405/404  405/404  405/404  405/in
family-enter                   bad/405    bad/405  bad/405  bad/405  bad/405  bad/405
family-mine                    on/405     on/405   on/405   on/405   on/405   ok/405
family-ask                     405/on     405/on   405/on   405/on   405/on   405/on
family-claim                   405/on     405/on   405/on   405/on   405/on   405/ok
family-link                    405/on     405/on   405/on   405/on   405/on   405/on
family-appeal                  on/on      on/on    on/on    on/on    on/on    ok/ok
minors-desk                    in/405     ok/405   404/405  404/405  404/404  in/405
minors-appeal                  in/in      ok/ok    404/404  404/404  404/404  in/in
minors-alert                   in/in      ok/ok    404/404  404/404  404/404  in/in
minors-figures                 ok/405     ok/405   ok/405   ok/405   ok/405   ok/405
demo-chat                      404/404    404/404  404/404  404/404  404/404  404/404
demo-stream                    404/404    404/404  404/404  404/404  404/404  404/404
demo-choose                    404/404    404/404  404/404  404/404  404/404  404/404
demo-state                     404/404    404/404  404/404  404/404  404/404  404/404
family-end                     in/in      404/404  404/404  404/404  ok/on    in/in
family-leave                   405/on     405/on   405/on   405/on   405/on   405/on
"""
"""What families have. Elsewhere a child is nobody, and a guardian has no desk (`table`)."""

CODES = {
    "ok": {200}, "on": {302}, "in": {302}, "no": {409, 422}, "act": {200, 409},
    "pub": {200, 404, 422},
    "404": {404}, "405": {405}, "key": {401}, "type": {415}, "bad": {400},
}  # fmt: skip
Expected = dict[str, tuple[str, str]]


def table() -> dict[str, Expected]:
    """What everybody is answered: by address, by group, to GET and to POST."""
    home()
    from licet.portal.roles import ON_A_DESK

    found = _read(TABLE, GROUPS)
    for name, row in found.items():
        row["child"] = row["anonymous"]
        row["guardian"] = ("404", "404") if name in ON_A_DESK else row["other"]
    return found | _read(FAMILIES, (*GROUPS, *FAMILY))


def _read(text: str, groups: tuple[str, ...]) -> dict[str, Expected]:
    head, *rows = (line.split() for line in text.strip().splitlines())
    assert tuple(head[1:]) == groups
    return {
        name: {
            group: (got, posted)
            for group, cell in zip(groups, cells, strict=True)
            for got, _, posted in [cell.partition("/")]
        }
        for name, *cells in rows
    }
