"""Services with a contract, in as few lines as a case needs."""

NODE = {"package.json": '{"name": "shop", "version": "1.0.0", "dependencies": {"express": "5.0.1"}}'}
PYTHON = {"pyproject.toml": '[project]\nname = "shop"\nversion = "1.0.0"\ndependencies = ["fastapi"]\n'}
GO = {"go.mod": "module example.com/shop\n\nrequire github.com/gin-gonic/gin v1.10.0\n"}
JAVA = {
    "pom.xml": "<project><artifactId>shop</artifactId><version>1.0.0</version><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>"
}
DOTNET = {"src/Shop/Shop.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"></Project>'}
INFO = "{title: Shop, version: 1.0.0, description: sells, contact: {name: shop}}"


def openapi(paths: str, more: str = "", version: str = "3.1.0", info: str = INFO) -> str:
    """An OpenAPI description; `paths` begins at its own line 5, with keys at column 1."""
    body = "".join(f"  {line}\n" for line in paths.strip("\n").split("\n"))
    return f"openapi: {version}\ninfo: {info}\n{more.strip() or 'tags: []'}\npaths:\n{body}"


def service(contract: str, files: dict[str, str] | None = None, path: str = "openapi.yaml") -> dict[str, str]:
    """A repository with one service and its contract."""
    return {**(NODE if files is None else files), path: contract}
