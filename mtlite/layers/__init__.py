"""The parts that topologies are built from: LSTM, attention, embedding, output head, dropout, losses."""
