"""moto's server with the gaps filled. Arguments are moto's own: -H 127.0.0.1 -p 5555."""

from gaps import budgets, cache, codedeploy, ecs, rds, scaling
from moto.server import main

if __name__ == "__main__":
    for gap in (budgets, cache, codedeploy, ecs, rds, scaling):
        gap.install()
    main()
