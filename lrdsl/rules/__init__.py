"""The rules, which find what a sound text does but surely should not. One module per family or half of one; each rule is one declaration.

`lrdsl check` and `lrdsl.lint` use all of them, `lrdsl.compile` those that know more with the bases of the groups and the clock of the run.
"""
