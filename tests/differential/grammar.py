"""Random queries of the language that Prometheus 2.42 and Firn have in common.

Window edges: evaluation times lie on half seconds and every range, offset and step is a whole
number of seconds, so no edge meets a sample (dataset.py) or a point of a subquery, which are
on whole seconds. Inside a subquery evaluation times are whole seconds; subqueries there have a
range that ends in half a second."""

from dataclasses import dataclass

import dataset

LABEL_VALUES = {
    "job": dataset.JOBS,
    "instance": dataset.INSTANCES,
    "code": dataset.CODES,
    "method": dataset.METHODS,
    "room": dataset.ROOMS,
    "zone": ("eu", "us"),
    "version": ("v1", "v2"),
    "le": dataset.BOUNDS,
}
TARGET = ("job", "instance")
METRICS = {
    "up": TARGET,
    "build_info": (*TARGET, "version"),
    "memory_bytes": TARGET,
    "queue_length": TARGET,
    "errors_total": TARGET,
    "special": TARGET,
    "requests_total": (*TARGET, "code", "method"),
    "temperature": (*TARGET, "room"),
    "latency_seconds_bucket": (*TARGET, "le"),
    "latency_seconds_count": TARGET,
    "latency_seconds_sum": TARGET,
    "quota": ("job",),
    "huge": ("job",),
}
COUNTERS = ("requests_total", "errors_total", "latency_seconds_bucket", "latency_seconds_count")
INTEGERS = ("up", "build_info", "queue_length", "quota", "requests_total")
NUMBERS = ("0", "1", "2", "-3", "0.5", "100", "1e3", "-0.25", "0x1f", "Inf", "-Inf", "NaN", "3.14")
RANGES = ("20s", "45s", "1m", "2m", "5m", "5m", "10m", "17m", "1h", "90m")
OFFSETS = ("10s", "1m", "-1m", "7m", "33m", "1h", "-12m")
ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
SETS = ("and", "or", "unless")
FLOAT_MAPS = (
    "abs ceil floor exp sqrt ln log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh "
    "atanh deg rad sgn"
).split()
DATES = "days_in_month day_of_month day_of_week day_of_year hour minute month year".split()
COUNTER_FUNCTIONS = ("rate", "increase", "irate", "resets", "delta")
OVER_TIME = (
    "min_over_time max_over_time sum_over_time avg_over_time count_over_time last_over_time "
    "present_over_time stddev_over_time stdvar_over_time changes delta idelta deriv resets"
).split()
SUMMING = ("sum", "avg", "stddev", "stdvar")
PLAIN_AGGREGATIONS = ("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar")
# Values that Prometheus 2.42 and 3.14 add up in different ways.
UNSUMMABLE = ("huge", "special")


@dataclass
class Query:
    text: str
    approximate: bool = False  # Sums are taken in another order or with other compensation.
    values_only: bool = False  # Which of equal elements is taken is not defined.
    ordered: bool = False


class Generator:
    """Makes one query after another from `rng`."""

    def __init__(self, rng):
        self.rng = rng
        self.approximate = False
        self.in_subquery = False
        self.summed = False

    def query(self):
        self.approximate = False
        kind = self.rng.random()
        if kind < 0.05:
            return Query(self.ranked(), values_only=True, approximate=self.approximate)
        if kind < 0.08:
            name = self.pick(("sort", "sort_desc"))
            text = f"{name}({self.selector(('temperature', 'memory_bytes'))})"
            return Query(text, ordered=True)
        if kind < 0.11:
            return Query(self.matrix(0), approximate=self.approximate)
        if kind < 0.16:
            return Query(self.scalar(2), approximate=self.approximate)
        return Query(self.vector(self.rng.choice((1, 2, 2, 3))), approximate=self.approximate)

    # Leaves.

    def pick(self, options):
        return self.rng.choice(options)

    def chance(self, probability):
        return self.rng.random() < probability

    def metric(self, among=None):
        if among is None:
            among = [m for m in METRICS if not (self.summed and m in UNSUMMABLE)]
        return self.pick(tuple(among))

    def matcher(self, label):
        values = LABEL_VALUES[label]
        value = self.pick(values)
        kind = self.rng.random()
        if kind < 0.35:
            return f'{label}="{value}"'
        if kind < 0.5:
            return f'{label}!="{value}"'
        pattern = self.pick(
            (
                value,
                "|".join(self.rng.sample(values, 2)),
                value[0] + ".*",
                ".*" + value[-1],
                ".+",
                ".*",
                "",
                "|" + value,
                f"(?i:{value.upper()})",
                f"[{value[0]}-z].+",
                f"{value[:1]}.{{1,6}}",
                ".*" + value[1:2] + ".*",
            )
        )
        operator = "=~" if kind < 0.82 else "!~"
        return f'{label}{operator}"{pattern}"'

    def selector(self, among=None):
        name = self.metric(among)
        labels = [*METRICS[name], "zone"]
        matchers = [self.matcher(self.pick(labels)) for _ in range(self.pick((0, 0, 0, 1, 1, 2)))]
        if self.chance(0.06):
            matchers.insert(0, f'__name__="{name}"')
            name = ""
        elif self.chance(0.03) and among is None:
            other = self.metric()
            matchers.insert(0, f'__name__=~"{name}|{other}"')
            name = ""
        braces = "{" + ", ".join(matchers) + "}" if matchers or not name else ""
        return name + braces

    def modifiers(self):
        out = []
        if self.chance(0.18):
            out.append("offset " + self.pick(OFFSETS))
        if self.chance(0.12):
            out.append("@ " + self.pinned_time())
        self.rng.shuffle(out)
        return "".join(" " + one for one in out)

    def pinned_time(self):
        if self.chance(0.3) and not self.in_subquery:
            return self.pick(("start()", "end()"))
        # A point of a subquery is on a whole second, its inner edges on half ones.
        return f"{(dataset.START_MS + self.rng.randrange(0, dataset.SPAN_MS)) // 1000}.5"

    # Range vectors.

    def matrix(self, depth, among=None):
        if depth > 0 and self.chance(0.3):
            return self.subquery(depth, among)
        return f"{self.selector(among)}[{self.pick(RANGES)}]{self.modifiers()}"

    def subquery(self, depth, among=None):
        outer = self.in_subquery
        span = self.pick(("90s", "4m", "10m", "31m"))
        if outer:
            span += "500ms"
        self.in_subquery = True
        inner = self.instant_selector(among) if among else self.vector(depth - 1)
        self.in_subquery = outer
        step = self.pick(("", "15s", "1m", "50s", "3m"))
        # A pinned time is on a half second already.
        modifiers = self.offset_only() if outer else self.modifiers()
        return f"({inner})[{span}:{step}]{modifiers}"

    def offset_only(self):
        return " offset " + self.pick(OFFSETS) if self.chance(0.2) else ""

    def instant_selector(self, among=None):
        return self.selector(among) + self.modifiers()

    # Scalars.

    def scalar(self, depth):
        if depth == 0 or self.chance(0.5):
            return self.pick(NUMBERS)
        kind = self.rng.randrange(7)
        if kind == 0:
            return "time()"
        if kind == 1:
            return "pi()"
        if kind == 2:
            return f"scalar({self.vector(depth - 1)})"
        if kind == 3:
            left, right = self.scalar(depth - 1), self.scalar(depth - 1)
            return f"({left} {self.pick(COMPARISONS)} bool {right})"
        if kind == 4:
            return f"-{self.scalar(depth - 1)}"
        left, right = self.scalar(depth - 1), self.scalar(depth - 1)
        return f"({left} {self.pick(ARITHMETIC)} {right})"

    # Instant vectors.

    def vector(self, depth):
        if depth <= 0:
            return self.instant_selector()
        makers = (
            (self.range_call, 8),
            (self.aggregation, 7),
            (self.binary, 8),
            (self.map_call, 5),
            (self.label_call, 2),
            (self.histogram_call, 3),
            (self.other_call, 3),
            (self.instant_selector, 2),
        )
        made = self.pick([make for make, weight in makers for _ in range(weight)])
        return made() if made == self.instant_selector else made(depth)

    def range_call(self, depth):
        kind = self.rng.random()
        if kind < 0.35:
            return f"{self.pick(COUNTER_FUNCTIONS)}({self.matrix(0, COUNTERS)})"
        if kind < 0.42:
            q = self.pick(("0.5", "0.9", "0", "1", "0.25", "-1", "2", "NaN"))
            return f"quantile_over_time({q}, {self.matrix(depth)})"
        if kind < 0.48:
            ahead = self.pick(("60", "3600", "-600", "0.5", "time() % 100"))
            return f"predict_linear({self.matrix(depth, ('temperature', *COUNTERS))}, {ahead})"
        if kind < 0.53:
            factors = f"{self.pick(('0.1', '0.5', '0.9'))}, {self.pick(('0.1', '0.3', '0.8'))}"
            return f"holt_winters({self.matrix(depth, ('temperature', 'queue_length'))}, {factors})"
        if kind < 0.57:
            return f"absent_over_time({self.matrix(depth)})"
        function = self.pick(OVER_TIME)
        summing = function[:3] in ("sum", "avg", "std") or function == "deriv"
        return self.while_summing(summing, lambda: f"{function}({self.matrix(depth)})")

    def while_summing(self, summing, make):
        outer = self.summed
        self.summed = self.summed or summing
        self.approximate = self.approximate or summing
        out = make()
        self.summed = outer
        return out

    def grouping(self):
        labels = self.rng.sample(tuple(LABEL_VALUES), self.pick((0, 1, 1, 2, 2, 3)))
        kind = self.rng.random()
        if kind < 0.15:
            return ""
        return f"{'by' if kind < 0.7 else 'without'} ({', '.join(labels)})"

    def aggregation(self, depth):
        kind = self.rng.random()
        grouping = self.grouping()
        if kind < 0.1:
            q = self.pick(("0.5", "0.99", "0", "1", "0.3", "-0.1", "1.5", "NaN"))
            parameter, name = q + ", ", "quantile"
        elif kind < 0.18:
            parameter, name = f'"{self.pick(("value", "code", "job"))}", ', "count_values"
        else:
            parameter, name = "", self.pick(PLAIN_AGGREGATIONS)
        body = self.while_summing(name in SUMMING, lambda: self.vector(depth - 1))
        if self.chance(0.5):
            return f"{name} {grouping} ({parameter}{body})"
        return f"{name}({parameter}{body}) {grouping}"

    def ranked(self):
        k = self.pick(("1", "2", "3", "5", "0", "-1", "100", "scalar(count(up)) - 4"))
        among = None if self.chance(0.3) else ("temperature", "memory_bytes", "requests_total")
        # NaN is the last of all but for its place among its like.
        body = self.instant_selector(among)
        if self.chance(0.3):
            body = f"rate({self.matrix(0, COUNTERS)})"
        return f"{self.pick(('topk', 'bottomk'))}({k}, {body}) {self.grouping()}"

    def binary(self, depth):
        kind = self.rng.random()
        if kind < 0.2:
            return self.with_scalar(depth)
        if kind < 0.4:
            return self.set_operation(depth)
        if kind < 0.55:
            return self.same_metric()
        if kind < 0.7:
            return self.aggregated_sides(depth)
        if kind < 0.9:
            return self.many_to_one()
        return self.any_vectors(depth)

    def operator(self):
        kind = self.rng.random()
        if kind < 0.5:
            return self.pick(ARITHMETIC)
        return self.pick(COMPARISONS) + (" bool" if kind < 0.75 else "")

    def with_scalar(self, depth):
        sides = [self.vector(depth - 1), self.scalar(1)]
        self.rng.shuffle(sides)
        return f"({sides[0]} {self.operator()} {sides[1]})"

    def set_operation(self, depth):
        matching = ""
        if self.chance(0.6):
            labels = self.rng.sample(("job", "instance", "code", "zone"), self.pick((0, 1, 1, 2)))
            matching = f" {self.pick(('on', 'ignoring'))}({', '.join(labels)})"
        left, right = self.vector(depth - 1), self.vector(depth - 1)
        return f"({left} {self.pick(SETS)}{matching} {right})"

    def same_metric(self):
        name = self.metric()
        left = self.selector((name,)) + self.modifiers()
        right = self.selector((name,)) + self.modifiers()
        matching = self.pick(("", "", f"on({', '.join(METRICS[name])})", "ignoring(zone)"))
        return f"({left} {self.operator()} {matching} {right})"

    def aggregated_sides(self, depth):
        labels = ", ".join(self.rng.sample(("job", "instance", "code", "zone"), self.pick((1, 1, 2))))
        names = [self.pick(("sum", "max", "min", "count", "avg")) for _ in range(2)]
        bodies = [
            self.while_summing(name in SUMMING, lambda: self.vector(depth - 1)) for name in names
        ]
        sides = [f"{name} by ({labels}) ({body})" for name, body in zip(names, bodies)]
        matching = self.pick(("", "", f"on({labels})", "ignoring(code)"))
        return f"({sides[0]} {self.operator()} {matching} {sides[1]})"

    def many_to_one(self):
        many = self.pick((self.selector(), f"rate({self.matrix(0, COUNTERS)})"))
        name, on, extra = self.pick(
            (
                ("build_info", "job, instance", ("", "version", "version, zone")),
                ("up", "job, instance", ("", "zone")),
                ("quota", "job", ("", "instance")),
                ("memory_bytes", "instance, job", ("", "zone, code")),
            )
        )
        one = self.selector((name,))
        labels = f"({self.pick(extra)})" if self.chance(0.8) else ""
        if self.chance(0.6):
            return f"({many} {self.operator()} on({on}) group_left{labels} {one})"
        return f"({one} {self.operator()} on({on}) group_right{labels} {many})"

    def any_vectors(self, depth):
        matching = ""
        if self.chance(0.7):
            labels = self.rng.sample(tuple(LABEL_VALUES), self.pick((0, 1, 2)))
            matching = f" {self.pick(('on', 'ignoring'))}({', '.join(labels)})"
            matching += self.pick(("", "", " group_left", " group_right"))
        return f"({self.vector(depth - 1)} {self.operator()}{matching} {self.vector(depth - 1)})"

    def map_call(self, depth):
        body = self.vector(depth - 1)
        kind = self.rng.random()
        if kind < 0.45:
            name = self.pick(FLOAT_MAPS)
            # Sine and its kin of large values lose digits in different ways.
            self.approximate = self.approximate or name in ("sin", "cos", "tan")
            return f"{name}({body} % 7)" if name in ("sin", "cos", "tan") else f"{name}({body})"
        if kind < 0.6:
            return f"{self.pick(DATES)}({body})"
        if kind < 0.7:
            return f"round({body}{self.pick(('', ', 5', ', 0.1', ', -2', ', 0', ', 1e-3'))})"
        if kind < 0.78:
            return f"clamp({body}, {self.scalar(1)}, {self.scalar(1)})"
        if kind < 0.86:
            return f"{self.pick(('clamp_min', 'clamp_max'))}({body}, {self.scalar(1)})"
        return f"-({body})" if kind < 0.94 else f"+{body}"

    def label_call(self, depth):
        body = self.vector(depth - 1)
        target = self.pick(("zone", "fresh", "job", "code", "instance", "__name__"))
        if self.chance(0.35):
            sources = self.rng.sample(tuple(LABEL_VALUES), self.pick((0, 1, 2, 3)))
            listed = "".join(f', "{one}"' for one in sources)
            return f'label_join({body}, "{target}", "{self.pick(("-", "", "/x/"))}"{listed})'
        pattern, replacement = self.pick(
            (
                ("(.*)", "x-$1"),
                ("(.*):(.*)", "$2 at ${1}"),
                ("(?P<head>.).*", "${head}$head_"),
                (".*", ""),
                ("a|w.*", "$0$0"),
                ("", "empty"),
                ("(.)(.+)", "$2$1$$"),
                ("nothing", "never"),
            )
        )
        source = self.pick(("job", "instance", "zone", "code", "absent"))
        return f'label_replace({body}, "{target}", "{replacement}", "{source}", "{pattern}")'

    def histogram_call(self, depth):
        q = self.pick(("0.5", "0.9", "0.99", "0", "1", "-1", "1.1", "NaN", "0.25"))
        if self.chance(0.25):
            name = self.pick(("negative", "unbounded", "lonely", "doubled")) + "_bucket"
            body = self.pick((f"{name}{self.modifiers()}", f"rate({name}[{self.pick(RANGES)}])"))
            return f"histogram_quantile({q}, {body})"
        body = self.pick((self.selector, lambda among: f"rate({self.matrix(0, among)})"))(
            ("latency_seconds_bucket",)
        )
        if self.chance(0.5):
            labels = self.pick(("le", "le, job", "instance, le", "job"))
            body = f"sum by ({labels}) ({body})"
            self.approximate = True
        return f"histogram_quantile({q}, {body})"

    def other_call(self, depth):
        kind = self.rng.randrange(6)
        if kind == 0:
            return f"absent({self.vector(depth - 1)})"
        if kind == 1:
            return f"vector({self.scalar(depth)})"
        if kind == 2:
            return f"timestamp({self.instant_selector()})"
        if kind == 3:
            return f"timestamp({self.vector(depth - 1)})"
        if kind == 4:
            return self.pick(DATES) + "()"
        return f"(({self.vector(depth - 1)}))"


def mutate(rng, text):
    """A text near `text` that is perhaps no longer a query."""
    at = rng.randrange(len(text))
    kind = rng.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + rng.choice('(){}[]",=~!+-*/%^@:5ms b') + text[at:]
    return text[:at] + text[at : at + 3] + text[at:]
