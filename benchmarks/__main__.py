"""`./dev bench`: what requests cost, on a database and a server of its own."""

import argparse
import sys
from collections import defaultdict
from statistics import median

from benchmarks import databases, servers
from benchmarks.asking import REQUESTS
from benchmarks.measuring import Load, Sample, WrongAnswerError, generated, sample


def numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def names(text: str) -> list[str]:
    listed = text.split(",")
    if unknown := [each for each in listed if each not in REQUESTS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: there are {', '.join(REQUESTS)}")
    return listed


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--cards", type=numbers, default=[10_000], metavar="N,N…")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--only", type=names, default=list(REQUESTS), metavar="NAME,NAME…")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    chosen = options(arguments)
    try:
        with servers.cluster() as cluster:
            for cards in chosen.cards:
                measure(cluster, databases.made(cluster, cards), chosen)
    except (servers.DEV.Trouble, WrongAnswerError) as trouble:
        print(f"bench: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def measure(cluster: servers.Cluster, database: databases.Database, chosen: argparse.Namespace) -> None:
    print(f"{database.cards} cards in {database.load_seconds:.1f} s, {database.megabytes:.0f} MB", flush=True)
    samples: dict[str, list[Sample]] = defaultdict(list)
    with servers.server(cluster.environment(database.name)) as server:
        for name in chosen.only:
            generated(name, server, database.subject, Load(chosen.connections, chosen.seconds / 4, seed=-1))
        for turn in range(chosen.rounds):
            for name in chosen.only:
                load = Load(chosen.connections, chosen.seconds, seed=turn)
                samples[name].append(
                    sample(name, server=server, cluster=cluster, subject=database.subject, load=load)
                )
        memory = server.memory_per_worker()
    for name, taken in samples.items():
        print(
            f"{name:14} {median(s.per_second for s in taken):7.0f} /s"
            f"  {median(s.server_ms for s in taken):6.2f} + {median(s.postgres_ms for s in taken):5.2f}"
            f" = {median(s.cpu_ms for s in taken):6.2f} ms"
            f"   p50 {median(s.p50 for s in taken):6.1f}  p99 {median(s.p99 for s in taken):6.1f} ms"
            f"   generator {median(s.generator for s in taken):.0%}"
        )
    print("memory per worker", " ".join(f"{each:.0f} MB" for each in memory))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
