"""What defaults of secrets and unverified certificates look like in each language, for C307 and C308."""

import re

_WORD = r"(?:secret_?key|jwt_?secret|jwt_?key|session_?secret|signing_?key|secret_?key_?base|cookie_?secret|token_?secret|auth_?secret|app_?secret|encryption_?key|secret)"
DEFAULTS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    ((".py",), re.compile(rf"(?:environ\.get|getenv|env|config)\(\s*[\"']\w*?({_WORD})[\"']\s*,"
        rf"\s*(?:default\s*=\s*)?[\"']([^\"'\n]+)[\"']", re.IGNORECASE)),
    ((".py",), re.compile(rf"^\s*\w*?({_WORD})\s*(?::\s*(?:str|SecretStr|"
        rf"bytes)\s*)?=\s*(?:SecretStr\()?b?[\"']([^\"'\n]+)[\"']", re.IGNORECASE | re.MULTILINE)),
    ((".js", ".ts", ".mjs", ".cjs"), re.compile(rf"process\.env(?:\.|\[[\"'])\w*?({_WORD})(?:[\"']\])?\s*(?:\|\|"
        rf"|\?\?)\s*[\"'`]([^\"'`\n]+)[\"'`]", re.IGNORECASE)),
    ((".js", ".ts", ".mjs", ".cjs"), re.compile(r"\b(session|jwt|expressjwt|"
        r"cookieSession)\(\s*\{[^{}]*?\b(?:secret|secretOrKey|keys)\s*:\s*\[?[\"']([^\"'\n]+)[\"']", re.IGNORECASE)),
    ((".js", ".ts", ".mjs", ".cjs"), re.compile(r"\b(jwt)\.(?:sign|verify)\([^,()\n]+,\s*[\"']([^\"'\n]+)[\"']")),
    ((".properties", ".yml", ".yaml"), re.compile(rf"^\s*[\w.-]*?({_WORD.replace('_?', '[-_.]?')})\s*[:=]\s*[\"']?\$\{{[\w.]+:([^}}\s]+)\}}", re.IGNORECASE | re.MULTILINE)),
    ((".go",), re.compile(rf"\b\w*?({_WORD})\s*(?::=|=)\s*(?:\[\]byte\()?\"([^\"\n]+)\"", re.IGNORECASE)),
    ((".java", ".kt"), re.compile(rf"\b(?:final\s+)?String\s+\w*?({_WORD})\w*\s*=\s*\"([^\"\n]+)\"", re.IGNORECASE)),
    ((".cs",), re.compile(r"new SymmetricSecurityKey\(\s*Encoding\.\w+\.GetBytes\(\s*(\")([^\"\n]+)\"")),
)  # fmt: skip
"""File endings and the pattern of a secret with a default: group 1 is its name, group 2 the default."""

TLS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    ((".py",), re.compile(r"\b(?:requests|httpx|session|client|aiohttp|http)\b[^\n#]*\bverify\s*=\s*False|"
        r"\.verify\s*=\s*False"), "verify=False"),
    ((".py",), re.compile(r"_create_unverified_context|ssl\.CERT_NONE|check_hostname\s*=\s*False|"
        r"\bssl\s*=\s*False\b[^\n]*(?:get|post|request)"), "an unverified context"),
    ((".js", ".ts", ".mjs", ".cjs"), re.compile(r"rejectUnauthorized\s*:\s*false|"
        r"NODE_TLS_REJECT_UNAUTHORIZED[\"'\]]*\s*=\s*[\"']?0"), "rejectUnauthorized: false"),
    ((".go",), re.compile(r"InsecureSkipVerify\s*:\s*true"), "InsecureSkipVerify"),
    ((".java", ".kt"), re.compile(r"NoopHostnameVerifier|TrustAllStrategy|InsecureTrustManagerFactory|"
        r"ALLOW_ALL_HOSTNAME_VERIFIER"), "a trust manager that trusts all"),
    ((".cs",), re.compile(r"DangerousAcceptAnyServerCertificateValidator|"
        r"ServerCertificateCustomValidationCallback\s*(?:\+)?=\s*(?:\([^)]*\)|"
            r"_)\s*=>\s*(?:\{\s*return\s+)?true"), "a validator that accepts all"),
    ((".rs",), re.compile(r"danger_accept_invalid_(?:certs|hostnames)\(\s*true"), "danger_accept_invalid_certs"),
    ((".php",), re.compile(r"CURLOPT_SSL_VERIFY(?:PEER|HOST)\s*(?:,|=>)\s*(?:false|0)|"
        r"[\"']verify[\"']\s*=>\s*false"), "CURLOPT_SSL_VERIFYPEER off"),
    (("dockerfile", ".sh", ".yml", ".yaml", "makefile"), re.compile(r"\bcurl\s(?:[^|;&\n]*\s)?(?:-[a-zA-Z]*k[a-zA-Z]*|--insecure)(?=\s)[^|;&\n]*https://|--no-check-certificate|NODE_TLS_REJECT_UNAUTHORIZED\s*[=:]\s*[\"']?0|http\.sslVerify[= ]false|GIT_SSL_NO_VERIFY\s*[=:]\s*[\"']?(?:1|true)|strict-ssl\s+false|PYTHONHTTPSVERIFY\s*[=:]\s*[\"']?0|--skip-tls-verify\b|--insecure-skip-tls-verify\b"), "an option that skips the check"),
)  # fmt: skip
"""File endings, the pattern of a check that is off, and what it is called."""
