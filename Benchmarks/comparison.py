"""A measure of Signet beside those of floors and peers, and the table of them."""

from workbench import median, short


class Comparison:
    """One measure of Signet, and what it is compared with."""

    def __init__(self, what, unit, signet, references):
        """`references`: names to a measure and an aim for the ratio, as ("≥", 0.7) or None."""
        self.what, self.unit = what, unit
        self.measures = {"Signet": signet} | {name: measure for name, (measure, _) in references.items()}
        self.aims = {name: aim for name, (_, aim) in references.items()}
        self.values = {name: [] for name in self.measures}
        # Of servers under a load at saturation: seconds of the processors for each answer.
        self.processor = {name: [] for name in self.measures}

    def run(self, is_odd):
        names = list(self.measures)
        for name in reversed(names) if is_odd else names:
            found = self.measures[name]()
            if isinstance(found, dict):
                self.processor[name].append(found["processor"])
                found = found["per_second"]
            self.values[name].append(found)

    def rows(self):
        mine = self.values["Signet"]
        for name, aim in self.aims.items():
            ratio = median(own / other for own, other in zip(mine, self.values[name]))
            used = self.processor[name] and median(
                other / own for own, other in zip(self.processor["Signet"], self.processor[name]))
            yield row(self.what, self.unit, median(mine), name, median(self.values[name]), ratio, aim,
                      ratio, used or None)


def row(what, unit, value, against=None, other=None, ratio=None, aim=None, judged=None, processor_ratio=None):
    met = None if aim is None else judged >= aim[1] if aim[0] == "≥" else judged <= aim[1]
    return {"what": what, "unit": unit, "signet": round(value, 3), "against": against,
            "reference": None if other is None else round(other, 3), "ratio": None if ratio is None else round(ratio, 3),
            "processor_ratio": None if processor_ratio is None else round(processor_ratio, 3),
            "aim": None if aim is None else f"{aim[0]} {aim[1]:g}" + ("" if ratio is not None else f" {unit}"), "met": met}


def cells(rows):
    """The table, as rows of text."""
    found = [["what", "Signet", "against", "reference", "ratio", "by CPU", "aim", ""]]
    for row in rows:
        found.append([
            row["what"], short(row["signet"], row["unit"]), row["against"] or "-",
            "-" if row["reference"] is None else short(row["reference"], row["unit"]),
            "-" if row["ratio"] is None else f"{row['ratio']:.2f}",
            "" if row["processor_ratio"] is None else f"{row['processor_ratio']:.2f}", row["aim"] or "-",
            {True: "met", False: "missed", None: ""}[row["met"]]])
    return found
