"""The server: tools over the Model Context Protocol, on the standard streams of a process that a client starts.

It reads files of results and writes nothing; an answer is JSON, a refusal is a sentence, and neither repeats a value
that was given, which may be somebody's key.
"""

import json
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from patron.agents.results import Results
from patron.agents.tools import TOOLS, arguments_of
from patron.errors import PatronError, SettingsError, listed

__all__ = ["answer", "serve"]

INSTRUCTIONS = (
    "Results of Patron about the customers of one business: who may leave, why, what they are worth, whom to treat. "
    "Customers have pseudonyms; keys are neither taken nor given. Reasons are associations unless they say otherwise. "
    "Nothing is computed here: where a result is missing, the sentence says which command writes it."
)


def serve(folder: Path) -> None:
    """Serve the results of a business until the client goes.

    Args:
        folder: of results, such as patron-out/shop.

    Raises:
        SettingsError: the library of the protocol is not installed.
        PatronError: it is no folder of results.
    """
    results = Results.at(folder)
    try:
        lowlevel, stdio = import_module("mcp.server.lowlevel"), import_module("mcp.server.stdio")
        types, anyio = import_module("mcp_types"), import_module("anyio")
    except ImportError:
        raise SettingsError(
            "Serving agents needs the library mcp, which is not installed. Install it: pip install 'patron[mcp]'"
        ) from None

    async def list_tools(context: Any, page: Any) -> Any:
        return types.ListToolsResult(tools=[_described(types, name) for name in TOOLS])

    async def call_tool(context: Any, call: Any) -> Any:
        text, is_refused = await anyio.to_thread.run_sync(answer, results, call.name, call.arguments or {})
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=is_refused)

    async def run() -> None:
        about = {"version": version("patron"), "instructions": INSTRUCTIONS}
        server = lowlevel.Server("patron", **about, on_list_tools=list_tools, on_call_tool=call_tool)
        async with stdio.stdio_server() as streams:
            await server.run(*streams, server.create_initialization_options())

    anyio.run(run)


def answer(results: Results, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the answer of a tool as JSON, or the sentence that refuses it, and whether it is refused.

    Args:
        results: of a business.
        name: of the tool.
        arguments: as the client gave them.
    """
    if name not in TOOLS:
        return f"There is no such tool. There are: {listed(TOOLS)}. Call one of them.", True
    if wrong := _wrong(name, arguments):
        return wrong, True
    try:
        return json.dumps(TOOLS[name](results, **arguments), ensure_ascii=False), False
    except PatronError as error:
        return f"{error}", True
    except Exception as error:  # whose text may hold a value
        return f"{name} failed ({type(error).__name__}). The results may be half-written: ask again.", True


def _wrong(name: str, arguments: Mapping[str, Any]) -> str:
    """Return what is wrong with arguments, without their values; an empty text where nothing is."""
    wanted = arguments_of(TOOLS[name])
    validator = import_module("jsonschema").Draft202012Validator(wanted)
    error = next(validator.iter_errors(dict(arguments)), None)
    if error is None:
        return ""
    argument = next(iter(error.absolute_path), "")
    what = f"{argument!r} is not as it must be" if argument in wanted["properties"] else "The arguments do not fit"
    return f"{what}. {name} takes {json.dumps(wanted['properties'])}, and needs {listed(wanted['required'])}."


def _described(types: Any, name: str) -> Any:
    """Return a tool as clients are told of it."""
    words, reads = (
        (TOOLS[name].__doc__ or "").strip(),
        types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    return types.Tool(name=name, description=words, input_schema=arguments_of(TOOLS[name]), annotations=reads)
