import pytest

from appliance.config.redaction import redacted


@pytest.mark.parametrize(
    "text",
    [
        'Authorization: Digest username="201", response="s3cr3t", nc=1',
        "password=s3cr3t",
        'password: "s3cr3t"',
        "{'password': 's3cr3t', 'user': 'x'}",
        'response="s3cr3t"',
        "a=ice-pwd:s3cr3t",
        "the token = s3cr3t and more",
        "X-Plivo-Jwt: s3cr3t",
        "X-Door: eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzM2NyM3QifQ.s3cr3t",
    ],
)
def test_secrets_are_hidden(text: str) -> None:
    assert "s3cr3t" not in redacted(text)
    assert "********" in redacted(text)


@pytest.mark.parametrize("text", ["the password was refused", "response 200 from 10.0.0.1", "no token"])
def test_sentences_stay(text: str) -> None:
    assert redacted(text) == text
