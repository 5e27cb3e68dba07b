cimport cython

from doubletalk.equilibrium.search_programme cimport Programme

cdef class Systems(Programme):
    cdef public int types, unknowns, pairs, messages, stations, columns, blocks, links
    cdef public list message_pairs, message_stations, station_pairs, station_pieces, off_path_pieces, open_pieces
    cdef public int[::1] pair_type, states, chosen, pair_message, placed
    cdef public int[::1] piece_row_start, piece_row_stop, piece_column_start, piece_columns, piece_strict
    cdef public int[::1] column_block, block_row, row_equal, unknown_column, owner
    cdef public double[::1] prior, base, payoffs, rows

    @cython.locals(stride=int, rows=int, b=int, width=int, strict=int, o=int, piece=int, insist=int, i=int,
                   c=int, r=int, t=int, first_pair_row=int, column=int, epsilon=int, source=int, value=double,
                   original="double[::1]")
    cdef int _z_system(self)
    @cython.locals(i=int)
    cdef int _insists(self, int o, int piece)
    @cython.locals(stride=int, rows=int, width=int, slack=int, u=int, o=int, piece=int, q=int, r=int, c=int, t=int,
                   epsilon=int, original="double[::1]")
    cdef int _x_system(self)
    @cython.locals(at=int, c=int, u=int, total=double, value=double, original="double[::1]")
    cdef int _belief_row(self, int q, int row, int width, int slack)
