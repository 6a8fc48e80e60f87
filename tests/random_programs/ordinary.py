"""Random programs of ordinary Python: writes in place, views, containers, functions inside."""

from __future__ import annotations

from tests.random_programs.control import Control
from tests.random_programs.forms import DICT, FLOAT, FUNCTION, LIST, MATRIX, VECTOR


class OrdinaryWriter(Control):
    """Writes what people write besides arithmetic; lists hold floats, dictionaries a and b."""

    def others(self) -> list:
        options = [self.fresh_array, self.made_list, self.made_dict, self.made_function]
        if self.known(VECTOR):
            options += [self.written] * 4 + [self.view] * 2 + [self.called_in_place]
        if self.known(MATRIX):
            options += [self.row]
        if self.known(LIST):
            options += [self.list_changed] * 2 + [self.list_used]
        if self.known(DICT):
            options += [self.dict_used]
        if self.known(FUNCTION):
            options += [self.function_used] * 2
        return options + [self.comprehended, self.named_in_test]

    # --- arrays ---------------------------------------------------------------------------------

    def fresh_array(self) -> None:
        value, name = self.expr(VECTOR, 1), self.target(VECTOR)
        form = self.pick("({}) * 1.0", "np.array([{F}, {F}, 0.5])", "({}).copy()")
        self.line(f"{name} = {self.fill(form.replace('{}', value), 1)}")
        self.assign(name, VECTOR)

    def written(self) -> None:
        name = self.pick(*self.known(VECTOR))
        index = self.pick("0", "-1", "1:", "::2", ":2", "::-1", "[0, 2]", f"{name} > 0.2", ":")
        if index in ("0", "-1") or self.chance(50):
            value = self.expr(FLOAT, 2)
        else:
            value = {"1:": f"{name}[:-1]", "::-1": f"{name}", ":": self.expr(VECTOR, 1)}.get(
                index, self.expr(FLOAT, 1))
        self.line(f"{name}[{index}] {self.pick('=', '=', '+=', '*=')} {value}")

    def view(self) -> None:
        source, name = self.pick(*self.known(VECTOR)), self.target(VECTOR)
        if source != name:
            self.line(f"{name} = {source}{self.pick('', '', '[:]', '[::-1]')}")
            self.assign(name, VECTOR)
            self.written()

    def row(self) -> None:
        source, name = self.pick(*self.known(MATRIX)), self.target(VECTOR)
        self.line(f"{source} = {source} * 1.0")
        self.line(f"{name} = {source}[{self.pick('0', '1', '-1')}]")
        self.assign(name, VECTOR)
        self.line(f"{name}[{self.pick('0', ':2')}] = {self.expr(FLOAT, 1)}")

    def called_in_place(self) -> None:
        name = self.pick(*self.known(VECTOR))
        self.line(self.pick(
            f"{name}.fill({self.expr(FLOAT, 1)})",
            f"np.copyto({name}, {self.expr(VECTOR, 1)})",
            f"np.add({name}, {self.expr(VECTOR, 1)}, out={name})",
            f"np.add.at({name}, [0, 0], {self.expr(FLOAT, 1)})",
        ))

    # --- containers -----------------------------------------------------------------------------

    def made_list(self) -> None:
        name = self.target(LIST)
        items = ", ".join(self.expr(FLOAT, 1) for _ in range(1 + self.rng.randrange(3)))
        self.line(f"{name} = [{items}]")
        self.assign(name, LIST)

    def list_changed(self) -> None:
        name = self.pick(*self.known(LIST))
        value = self.expr(FLOAT, 1)
        self.line(self.pick(f"{name}.append({value})", f"{name}[0] = {value}",
                            f"{name} += [{value}]", f"{name}.append({name}[-1] * 0.5)"))

    def list_used(self) -> None:
        held, name = self.pick(*self.known(LIST)), self.target(FLOAT)
        value = self.pick(f"sum({held})", f"{held}[0] * len({held})", f"{held}[-1]",
                          f"np.sum(np.array({held}))", f"sum(t_ * t_ for t_ in {held})")
        self.line(f"{name} = np.tanh({value})")
        self.assign(name, FLOAT)

    def made_dict(self) -> None:
        name = self.target(DICT)
        self.line(f"{name} = {{'a': {self.expr(FLOAT, 1)}, 'b': {self.expr(FLOAT, 1)}}}")
        self.assign(name, DICT)

    def dict_used(self) -> None:
        held, name = self.pick(*self.known(DICT)), self.target(FLOAT)
        if self.chance(40):
            self.line(f"{held}['a'] = {self.expr(FLOAT, 1)}")
        value = self.pick(f"{held}['a'] * {held}['b']", f"sum({held}.values())",
                          f"{held}.get('b', 1.0)")
        self.line(f"{name} = np.sin({value})")
        self.assign(name, FLOAT)

    def comprehended(self) -> None:
        name = self.target(FLOAT)
        over, kept = self.expr(VECTOR, 1), self.pick("", "", " if e_ > 0.1")
        value = self.expr(FLOAT, 1)
        form = self.pick(f"sum(e_ * {value} for e_ in {over}{kept})",
                         f"np.sum(np.array([np.sin(e_) for e_ in {over}]))",
                         f"sum([{value} * k_ for k_ in range(3)])")
        self.line(f"{name} = np.tanh({form})")
        self.assign(name, FLOAT)

    # --- functions ------------------------------------------------------------------------------

    def made_function(self) -> None:
        name = self.target(FUNCTION)
        value = self.expr(FLOAT, 2)
        if self.chance(50):
            self.line(f"{name} = lambda e_, k_=2.0: np.sin(e_) * k_ + {value}")
        else:
            self.line(f"def {name}(e_, k_=0.5):")
            self.line(f"    r_ = np.tanh(e_ * k_) + {value}")
            self.line("    return r_ * e_")
        self.assign(name, FUNCTION)

    def function_used(self) -> None:
        called, name = self.pick(*self.known(FUNCTION)), self.target(FLOAT)
        args = self.pick(f"{self.expr(FLOAT, 1)}", f"*({self.expr(FLOAT, 1)},)",
                         f"{self.expr(FLOAT, 1)}, k_={self.expr(FLOAT, 0)}")
        self.line(f"{name} = {called}({args})")
        self.assign(name, FLOAT)

    def named_in_test(self) -> None:
        name, target = self.target(FLOAT), self.target(FLOAT)
        value = self.expr(FLOAT, 1)
        if name != target:
            self.line(f"if (h_ := {value}) > 0.1:")
            self.line(f"    {target} = h_ * {self.expr(FLOAT, 1)}")
            self.line("else:")
            self.line(f"    {target} = h_ + 1.0")
            self.assign(target, FLOAT)
