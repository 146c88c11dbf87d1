"""The parts that topologies are built from: LSTM, attention, embedding, output head, dropout, losses."""

from mtlite.runtime import refuse_other_backends

refuse_other_backends()  # before a layer imports Keras
