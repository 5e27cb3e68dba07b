"""Games with parameters whose regions and thresholds are derived by hand in the documentation."""

BEER_QUICHE = """
doubletalk: 1
title: Beer and quiche, the duel's price a parameter
parameters: {strong: 9/10, duel: 2}
sender: {name: traveller, types: {weak: 1 - strong, strong: strong}, messages: [beer, quiche]}
audiences: {bully: {actions: [fight, leave]}}
payoffs:
  traveller:
    - {when: {type: weak, message: quiche}, add: 1}
    - {when: {type: strong, message: beer}, add: 1}
    - {when: {bully: leave}, add: duel}
  bully:
    - {when: {type: weak, bully: fight}, add: 1}
    - {when: {type: strong, bully: leave}, add: 1}
"""
