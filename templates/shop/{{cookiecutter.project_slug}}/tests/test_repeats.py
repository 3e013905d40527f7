"""Whatever a POST does, a caller that heard no answer can send it once more."""

import yaml

from chassis.project import ROOT

WITHOUT_KEY = {
    "create_guest_session": "mints a token and stores nothing; a second one is another guest",
    "quote_prices": "works prices out and stores nothing",
    "create_privacy_export": "reads; a stored answer would be one more copy of what is personal",
    "receive_payment_event": "the provider's own id of what it tells is the key",
    "receive_event": "the CloudEvents id is the key",
}
"""The POSTs that take no key, and why: docs/decisions/0107-what-is-posted-without-a-key.md."""


def test_every_post_with_an_effect_takes_a_key() -> None:
    """A new POST is declared ``@idempotent``, or says here and in the decision why it can be repeated as it is."""
    contract = yaml.safe_load((ROOT / "contract" / "openapi.yaml").read_text(encoding="utf-8"))
    posts = [operations["post"] for operations in contract["paths"].values() if "post" in operations]
    without = {
        operation["operationId"]
        for operation in posts
        if not any(each.get("name") == "Idempotency-Key" for each in operation.get("parameters", []))
    }

    assert without == WITHOUT_KEY.keys()
