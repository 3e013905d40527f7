"""A020: routes as the frameworks declare them, held against contracts."""

import pytest

from machgen.check.api_first.routes import routes, segments
from machgen.check.model import Outcome
from machgen.check.roots import services
from tests.check.contracts import DOTNET, GO, JAVA, NODE, PYTHON, openapi
from tests.check.judging import facts_of, found, outcomes

FASTAPI = """
    from fastapi import APIRouter

    router = APIRouter(tags=["pets"], prefix="/pets")

    @router.get("")
    def pets(): ...

    @router.post("/{pet_id}/feed", status_code=204)
    def feed(): ...

    @router.get("/hidden", include_in_schema=False)
    def hidden(): ...

    # @router.get("/old")
    cache.get("/key")
    """
FLASK = """
    bp = Blueprint("pets", __name__, url_prefix="/pets")

    @bp.route("/<int:pet_id>", methods=["GET", "DELETE"])
    def pet(): ...

    @app.route("/owners")
    def owners(): ...
    """
EXPRESS = """
    const router = express.Router();
    router.get('/pets/:id', load, (req, res) => {});
    router.route('/pets').get((req, res) => res.json(all())).post(create);
    // router.delete('/pets/:id', remove);
    const answer = await axios.get('/other', {});
    app.get('title');
    """
NEST = """
    @Controller('pets')
    export class PetsController {
      @Get(':id')
      one() {}

      @Post()
      create() {}
    }
    """
SPRING = """
    @RestController
    @RequestMapping("/pets")
    class PetController {
      @GetMapping("/{id:[0-9]+}")
      Pet one() {}

      @RequestMapping(value = "/{id}/photos", method = RequestMethod.POST, produces = "application/json")
      void photo() {}

      @DeleteMapping
      void clear() {}
    }
    """
CONTROLLER = """
    [ApiController]
    [Route("api/[controller]")]
    public class PetsController : ControllerBase
    {
        [HttpGet("{id:int}")]
        public Pet One(int id) {}

        [HttpPost]
        public Pet Create() {}
    }
    """
MINIMAL = """
    var api = app.NewVersionedApi("Pets").MapGroup("/pets");
    api.MapGet("/{id:guid}", One);
    app.MapDelete("/owners/{id}", Remove);
    """
GIN = """
    v1 := r.Group("/v1")
    pets := v1.Group("/pets")
    pets.GET("/:id", one)
    r.POST("/owners", create)
    client.Get("/other", nil)
    """
CHI = """
    r.Get("/pets/{id}", one)
    http.HandleFunc("/any", all)
    mux.HandleFunc("DELETE /pets/{id}", remove)
    router.HandleFunc("/owners", owners).Methods(http.MethodPut)
    """


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({**PYTHON, "shop/a.py": FASTAPI}, ["GET /pets 5", "POST /pets/{pet_id}/feed 8"]),
        ({**PYTHON, "shop/a.py": FLASK}, ["GET /pets/<int:pet_id> 3", "DELETE /pets/<int:pet_id> 3", "GET /owners 6"]),
        ({**NODE, "src/a.js": EXPRESS}, ["GET /pets/:id 2", "GET /pets 3", "POST /pets 3"]),
        ({**NODE, "src/a.ts": NEST}, ["GET /pets/:id 3", "POST /pets 6"]),
        ({**JAVA, "src/main/java/com/example/A.java": SPRING}, ["GET /pets/{id:[0-9]+} 4", "POST /pets/{id}/photos 7", "DELETE /pets 10"]),
        ({**DOTNET, "src/Shop/A.cs": CONTROLLER}, ["GET /api/Pets/{id:int} 5", "POST /api/Pets 8"]),
        ({**DOTNET, "src/Shop/A.cs": MINIMAL}, ["GET /pets/{id:guid} 2", "DELETE /owners/{id} 3"]),
        ({**GO, "main.go": GIN}, ["GET /v1/pets/:id 3", "POST /owners 4"]),
        ({**GO, "main.go": CHI}, ["GET /pets/{id} 1", "any method /any 2", "DELETE /pets/{id} 3", "PUT /owners 4"]),
    ],
    ids=["FastAPI", "Flask", "Express", "NestJS", "Spring", "ASP.NET controllers", "ASP.NET minimal", "gin", "net/http, chi, gorilla"],
)  # fmt: skip
def test_routes_are_read(files: dict[str, str], expected: list[str]) -> None:
    """Method, path and line; neither comments, clients nor what is hidden on purpose."""
    facts = facts_of(files)
    (service,) = facts.once(services)

    assert expected == [f"{each.name} {each.at.line}" for each in routes(facts, service).found]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/Pets/{id:int}/photos/", ("pets", "{}", "photos")),
        ("/pets/:id", ("pets", "{}")),
        ("/pets/<uuid:id>", ("pets", "{}")),
        ("/pets/{code:[A-Z]{3}}", ("pets", "{}")),
        ("/files/{rest:path}", None),
        ("/files/*", None),
        ("/pets/:id?", None),
        ("/", ()),
    ],
)
def test_paths_are_compared_part_by_part(path: str, expected: tuple[str, ...] | None) -> None:
    """A part that can match several is not compared."""
    assert expected == segments(path)


OK = "responses: {'200': {description: ok}}"
MOUNTED = "router.get('/', list);\nrouter.post('/', create);\n"
PETS = openapi(f"/pets:\n  get: {{{OK}}}\n  post: {{{OK}}}\n/pets/{{petId}}:\n  get: {{{OK}}}")
SERVED = """
    router.get('/pets', list);
    router.post('/pets', create);
    router.get('/pets/:id', one);
    """
GO_SERVED = 'r.GET("/pets", a)\nr.POST("/pets", b)\nr.GET("/pets/:id", c)\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({**NODE, "openapi.yaml": PETS, "src/a.js": SERVED + "router.delete('/pets/:id', gone);\n"}, ["src/a.js:4 DELETE /pets/:id is served and not in the contract"]),
        ({**NODE, "openapi.yaml": PETS, "src/a.js": SERVED.replace("router.post('/pets', create);", "")}, ["openapi.yaml:7 POST /pets is in the contract and not served"]),
        ({**GO, "openapi.yaml": PETS, "main.go": GO_SERVED + 'r.PUT("/owners/:id", d)\n'}, ["main.go:4 PUT /owners/:id is served and not in the contract"]),
        ({**GO, "openapi.yaml": PETS, "main.go": GO_SERVED.replace('r.GET("/pets", a)', "")}, ["openapi.yaml:6 GET /pets is in the contract and not served"]),
        ({**NODE, "openapi.yaml": PETS, "src/a.js": MOUNTED, "src/b.js": "app.use('/pets', pets);\n"}, ["openapi.yaml:9 GET /pets/{petId} is in the contract and not served"]),
        ({**PYTHON, "openapi.yaml": PETS, "a.py": "router = APIRouter()\n\n@router.get('/')\ndef a(): ...\n\n@router.post('/')\ndef b(): ...\n"}, ["openapi.yaml:9 GET /pets/{petId} is in the contract and not served"]),
    ],
    ids=["Express serves more", "Express serves less", "Go serves more", "Go serves less", "at / of an Express router", "at / of a FastAPI router"],
)  # fmt: skip
def test_what_one_side_lacks_is_named(files: dict[str, str], expected: list[str]) -> None:
    """A route at its line, an operation at that of the contract."""
    assert expected == found("A020", files)


@pytest.mark.parametrize(
    "files",
    [
        {**NODE, "openapi.yaml": PETS, "src/a.js": SERVED + "app.get('/healthz', ok);\napp.get('/metrics', ok);\n"},
        {**GO, "openapi.yaml": PETS, "main.go": 'v := r.Group("/api/v1")\n' + GO_SERVED.replace("r.", "v.")},
        {**NODE, "openapi.yaml": PETS.replace("tags: []", "servers: [{url: /api}]"), "src/a.js": SERVED.replace("'/", "'/api/")},
        {**NODE, "openapi.yaml": PETS, "src/a.js": SERVED, "src/client.js": "await api.delete('/pets/1', {});\n", "test/a.test.js": "app.get('/x', y);\n"},
        {**NODE, "openapi.yaml": PETS, "src/a.js": MOUNTED, "src/b.js": "app.use('/pets/:id', one);\n"},
        {**GO, "openapi.yaml": PETS, "main.go": 'r.Route("/pets", func(r chi.Router) {\n\tr.Get("/", a)\n\tr.Post("/", b)\n\tr.Route("/{petId}", func(r chi.Router) {\n\t\tr.Get("/", c)\n\t})\n})\n'},
    ],
    ids=["health and metrics", "mounted below", "a server's path", "clients and tests", "mounted at a parameter", "nested, chi"],
)  # fmt: skip
def test_what_agrees_is_not_found(files: dict[str, str]) -> None:
    """Where a router is mounted is no difference."""
    assert [] == found("A020", files)


@pytest.mark.parametrize(
    "files",
    [
        {**PYTHON, "openapi.yaml": PETS},
        {**NODE, "openapi.yaml": PETS, "src/a.js": "router.get('/pets', a);\nrouter.post('/pets', b);\nrouter.get('/pets/*', c);\n"},
        {**JAVA, "openapi.yaml": PETS, "src/main/java/A.java": '@RestController class A implements PetsApi { @GetMapping("/pets") void a() {} }'},
    ],
    ids=["no route", "a pattern", "generated interfaces"],
)  # fmt: skip
def test_what_cannot_be_read_is_unknown(files: dict[str, str]) -> None:
    """Not a guess."""
    assert [Outcome.UNKNOWN] == outcomes("A020", files)
