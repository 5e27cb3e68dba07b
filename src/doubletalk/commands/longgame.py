"""``doubletalk longgame``: a relationship over time, with reputation as a state."""

from __future__ import annotations

import csv
import io
import json as json_text
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doubletalk.commands.running import ProgressBar, check_writable, note, put, save
from doubletalk.errors import InputError
from doubletalk.game.wording import unknown

if TYPE_CHECKING:
    from doubletalk.longgame.declaration import LongGame
    from doubletalk.longgame.solution import LongSolution

__all__ = ["longgame"]

longgame = typer.Typer(
    help="Solve and simulate a relationship over time (long-game files).", no_args_is_help=True, rich_markup_mode=None
)

_File = Annotated[Path, typer.Argument(metavar="FILE", help="A long-game file, or a case folder that has one.")]
_Set = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set a coefficient; repeatable.")]
_Policy = Annotated[
    str | None, typer.Option("--policy", metavar="NAME", help="One actor follows this policy of the file.")
]
_Seed = Annotated[int, typer.Option("--seed", help="Seed of the random numbers.")]
_Paths = Annotated[int, typer.Option("--paths", metavar="N", help="Number of simulated paths.")]
_Periods = Annotated[int, typer.Option("--periods", metavar="N", help="Periods of each path.")]
_Stance = Annotated[str | None, typer.Option("--stance", metavar="NAME", help="The true stance; else drawn.")]
_Horizon = Annotated[
    int | None, typer.Option("--horizon", metavar="N", min=0, help="End after N periods; 0: never. Else the file's.")
]
_Belief = Annotated[
    float | None, typer.Option("--belief", metavar="P", help="Belief in the last stance; else the file's.")
]
_From = Annotated[
    str | None, typer.Option("--from", metavar="STATE", help="Start in this state, a=x,b=y,...; else the file's start.")
]


def _loaded(path: Path) -> LongGame:
    from doubletalk.case.finding import find_case, is_case
    from doubletalk.longgame.place import long_game_in
    from doubletalk.longgame.reading import load_long_game

    if not path.exists() and is_case(path):
        path = find_case(path)
    return load_long_game(long_game_in(path).file if path.is_dir() else path)


def _needs_jax() -> None:
    try:
        import jax  # noqa: F401
    except ImportError:
        raise InputError(
            "the long game needs jax, which is not installed: pip install 'doubletalk[longgame]'"
        ) from None


def _coefficients(settings: Sequence[str] | None) -> dict[str, float]:
    values = {}
    for setting in settings or ():
        name, _, value = setting.partition("=")
        try:
            values[name.strip()] = float(value)
        except ValueError:
            raise InputError(f"--set: found {setting!r}, expected NAME=NUMBER such as pain=0.5") from None
    return values


def _pairs(text: str, option: str) -> dict[str, str]:
    pairs = dict(part.partition("=")[::2] for part in text.split(";" if ";" in text else ",") if part.strip())
    if not pairs or not all(pairs.values()):
        raise InputError(f"{option}: found {text!r}, expected name=label, several joined by commas (or semicolons)")
    return {key.strip(): value.strip() for key, value in pairs.items()}


def _stance(game: LongGame, name: str | None) -> int | None:
    if name is None:
        return None
    if name not in game.stances:
        raise InputError(unknown("stance", name, game.stances), game.path or None)
    return game.stances.index(name)


def _ending(game: LongGame, horizon: int | None) -> LongGame:
    return game if horizon is None else replace(game, horizon=horizon)


def _solved(
    game: LongGame, settings: Sequence[str] | None, policy: str | None, steps: int = 0, stored: Path | None = None
) -> LongSolution:
    _needs_jax()
    given = _coefficients(settings)
    with ProgressBar() as bar:
        bar(None, "solving")
        from doubletalk.longgame.continuation import continue_in_precision, solve_from
        from doubletalk.longgame.solution import solve_long_game

        if stored is not None:
            return solve_from(game, stored, given, policy=policy)
        if not steps:
            return solve_long_game(game, given, policy=policy)
        solution, path = continue_in_precision(game, given, steps=steps, policy=policy)
    for step in path:
        put(f"lambda {step.precision:.3f}: residual {step.residual:.1e}, {step.evaluations} evaluations, ")
        put(f"choice probabilities moved by at most {step.moved:.3f}\n")
    return solution


def _levels(game: LongGame, text: str | None) -> tuple[int, ...] | None:
    """Levels of all variables: those of --from, the file's start for the others."""
    if text is None:
        return None
    given = _pairs(text, "--from")
    names = [variable.name for variable in game.variables]
    for name, label in given.items():
        if name not in names:
            raise InputError(f"--from: {unknown('state', name, names)}", game.path or None)
        levels = game.variables[names.index(name)].levels
        if label not in levels:
            raise InputError(f"--from: {unknown(f'level of {name}', label, levels)}", game.path or None)
    return tuple(v.levels.index(given[v.name]) if v.name in given else v.start for v in game.variables)


@longgame.command()
def check(file: _File) -> None:
    """Read a long-game file and say what was understood."""
    game = _loaded(file)
    put(f"{game.title}\n")
    for actor in game.actors:
        informed = f", informed: {' or '.join(game.stances)}" if actor.name == game.informed else ""
        put(f"  {actor.name}: {len(actor.moves)} moves, discount {actor.discount:g} a {game.period}{informed}\n")
    for variable in game.variables:
        how = "exogenous (Markov)" if variable.markov else f"{len(variable.rules)} rules"
        put(f"  {variable.name}: {', '.join(variable.levels)}; starts {variable.levels[variable.start]}; {how}\n")
    for group in game.at_once:
        put(f"  {', '.join(group)} move at once\n")
    if game.horizon:
        put(f"  ends after {game.horizon} {game.period}s\n")
    stances = f" x {len(game.stances)} stances x {game.points} beliefs" if len(game.stances) == 2 else ""
    put(f"  {game.states} states{stances}, {len(game.coefficients)} coefficients, {len(game.policies)} policies\n")


@longgame.command()
def solve(
    file: _File,
    settings: _Set = None,
    policy: _Policy = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="STATE", help="Say what happens in a state: a=x,b=y,...")
    ] = None,
    belief: _Belief = None,
    horizon: _Horizon = None,
    at: Annotated[
        int, typer.Option("--at", metavar="N", help="With a horizon: the period that --explain is about, from 0.")
    ] = 0,
    starts: Annotated[
        int, typer.Option("--starts", metavar="N", help="Look for further equilibria from N starts.")
    ] = 0,
    steps: Annotated[
        int, typer.Option("--continue", metavar="N", help="Follow the equilibrium from lambda = 0 to 1 in N steps.")
    ] = 0,
    stored: Annotated[
        Path | None, typer.Option("--continue-from", metavar="FILE.nc", help="Begin at a solution of --out.")
    ] = None,
    grid: Annotated[
        bool, typer.Option("--grid-error", help="Measure the belief grid's error on a finer grid.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.nc", help="Write all arrays as NetCDF.")] = None,
) -> None:
    """Find a Markov logit equilibrium to a residual below 1e-10; with a horizon, by backward induction."""
    if out is not None:
        if out.suffix != ".nc":
            raise InputError(f"found the ending '{out.suffix}', expected .nc", str(out))
        check_writable(out)
    game = _ending(_loaded(file), horizon)
    if at and not game.horizon:
        raise InputError("--at asks for a period of a game that ends; give --horizon N or 'horizon' in the file")
    if steps and stored is not None:
        raise InputError("--continue and --continue-from: one of them, not both")
    if steps < 0 or starts < 0:
        raise InputError(f"--continue and --starts are counts, found {steps} and {starts}")
    asked = None if explain is None else _pairs(explain, "--explain")
    solution = _solved(game, settings, policy, steps, stored)
    from doubletalk.longgame.explaining import explain as explained
    from doubletalk.longgame.solution import at_equilibrium, grid_error, search_equilibria

    put(f"{solution.game.title}\n")
    put(f"residual {solution.residual:.1e} in units of the shock, {solution.evaluations} evaluations\n")
    others: list[LongSolution] = []
    if starts:
        found = search_equilibria(solution, starts=starts)
        put(f"equilibria found: {len(found.equilibria)} from {starts + 2} starts ({found.failed} of them failed): ")
        put(f"{', '.join(map(str, found.times))} times; others may exist\n")
        others = [at_equilibrium(solution, each) for each in found.equilibria[1:]]
    if grid:
        put(f"belief grid: choice probabilities move by at most {grid_error(solution):.1e} on a grid twice as fine\n")
    start = {variable.name: variable.levels[variable.start] for variable in solution.game.variables}
    shown = solution.at(at) if game.horizon else solution
    place = ({**start, **(asked or {})}, game.belief if belief is None else belief)
    for line in explained(shown, *place):
        put(line + "\n")
    for k, other in enumerate(others, start=2):
        put(f"equilibrium {k} of {len(others) + 1}\n")
        for line in explained(other, *place):
            put(line + "\n")
    if out is not None:
        save(out, bytes(solution.dataset().to_netcdf(None, engine="scipy")))


@longgame.command()
def simulate(
    file: _File,
    settings: _Set = None,
    policy: _Policy = None,
    paths: _Paths = 10_000,
    periods: _Periods = 12,
    seed: _Seed = 1,
    stance: _Stance = None,
    belief: _Belief = None,
    horizon: _Horizon = None,
    start: _From = None,
    impose: Annotated[
        str | None, typer.Option("--impose", metavar="ACTOR=MOVE", help="Print what this move changes, once imposed.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="Write the table here.")] = None,
) -> None:
    """Frequencies of levels and moves over time, with Monte-Carlo errors; or the response to a move imposed once."""
    if out is not None:
        check_writable(out)
    game = _ending(_loaded(file), horizon)
    if game.horizon and periods > game.horizon:
        note(f"the game ends after {game.horizon} {game.period}s, and so does the table")
        periods = game.horizon
    true = _stance(game, stance)
    imposed = None if impose is None else _imposed(game, impose)
    levels = _levels(game, start)
    solution = _solved(game, settings, policy)
    from doubletalk.longgame.simulate import frequencies, responses

    begin = None if levels is None else (*levels, *(0 for _ in solution.game.variables[len(levels) :]))  # counters
    options = {"paths": paths, "periods": periods, "seed": seed, "belief": belief, "stance": true, "start": begin}
    given = (solution.game, solution.tables, solution.play)
    table = frequencies(*given, **options) if imposed is None else responses(*given, *imposed, **options)  # type: ignore[arg-type]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "label", game.period, "change" if imposed else "share", "monte_carlo_error"])
    for name, (means, errors) in table.items():
        for n, row in enumerate(means):
            for k, mean in enumerate(row):
                writer.writerow([name, solution.game.axes[name][k], n, f"{mean:.6f}", f"{errors[n, k]:.6f}"])
    _hand_over(text.getvalue(), out)


def _imposed(game: LongGame, text: str) -> tuple[int, int]:
    actor, _, move = text.partition("=")
    names = [each.name for each in game.actors]
    if actor not in names:
        raise InputError(f"--impose: {unknown('actor', actor, names)}; write ACTOR=MOVE", game.path or None)
    moves = game.actor(actor).moves
    if move not in moves:
        raise InputError(f"--impose: {unknown('move', move, moves)}", game.path or None)
    return game.position(actor), moves.index(move)


def _hand_over(text: str, out: Path | None) -> None:
    if out is None:
        put(text)
    else:
        save(out, text)


@longgame.command()
def policies(
    file: _File,
    settings: _Set = None,
    only: Annotated[
        list[str] | None, typer.Option("--policy", metavar="NAME", help="Compare these only; repeatable.")
    ] = None,
    paths: _Paths = 4_000,
    periods: _Periods = 40,
    seed: _Seed = 1,
    stance: _Stance = None,
    belief: _Belief = None,
    start: _From = None,
    draws: Annotated[
        int, typer.Option("--draws", metavar="N", help="Regret over N draws of the coefficients from their priors.")
    ] = 0,
    sobol: Annotated[
        int, typer.Option("--sobol", metavar="N", help="Sobol indices over the priors, N a power of two such as 8.")
    ] = 0,
    vary: Annotated[
        list[str] | None, typer.Option("--vary", metavar="NAME", help="Vary this coefficient only; repeatable.")
    ] = None,
    points: Annotated[
        int | None, typer.Option("--beliefs", metavar="N", min=2, help="Points of the belief grid; else the file's.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the table (.csv) or JSON here.")
    ] = None,
) -> None:
    """Outcomes, payoffs, regret and the best policy by belief, all others re-optimising under each policy."""
    if out is not None:
        check_writable(out)
    game = _loaded(file)
    if points is not None and len(game.stances) == 2:
        game = replace(game, points=points)
    names = list(only or [policy.name for policy in game.policies])
    true, levels = _stance(game, stance), _levels(game, start)
    if not names:
        raise InputError("the file has no policies; see docs/longgame.md for how to write one", game.path or None)
    if draws < 0 or sobol < 0:
        raise InputError(f"--draws and --sobol are counts, found {draws} and {sobol}")
    _needs_jax()
    from doubletalk.commands.longgame_policies import compared, policy_json, policy_rows, summary

    with ProgressBar() as bar:
        found = compared(
            game, names, _coefficients(settings), bar, paths=paths, periods=periods, seed=seed, belief=belief,
            stance=true, draws=draws, sobol=sobol, vary=tuple(vary or ()), start=levels,
        )  # fmt: skip
    if json or (out is not None and out.suffix == ".json"):
        _hand_over(json_text.dumps(_plain(policy_json(found)), indent=1) + "\n", out)
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["policy", "measure", "value", "monte_carlo_error"])
    writer.writerows(policy_rows(found))
    _hand_over(text.getvalue(), out)
    note(f"{periods} {game.period}s, {paths} paths each; sums over a path, payoffs discounted, without shocks")
    for line in summary(found):
        note(line)


def _plain(value: object) -> object:
    """Numbers that are not finite as null, arrays' numbers as plain ones."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return float(value) if value == value and abs(value) != float("inf") else None
    return value
