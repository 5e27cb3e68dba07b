cimport cython

cdef class Search:
    cdef public int types, unknowns, pairs, messages, stations, columns, blocks, links, stride
    cdef public long nodes, judged
    cdef public double deadline, done, ticked
    cdef public object emit, judge, tick
    cdef public list message_pairs, message_stations, station_pairs, station_pieces, off_path_pieces, open_pieces, last_chance
    cdef public dict local_answers
    cdef public int[::1] pair_type, states, chosen, pair_message, placed
    cdef public int[::1] piece_row_start, piece_row_stop, piece_column_start, piece_columns, piece_strict
    cdef public int[::1] column_block, block_row, row_equal, basis, unknown_column, owner
    cdef public double[::1] prior, base, payoffs, rows, original, tableau, upper, dual, lower_bounds, upper_bounds

    @cython.locals(i=int, size=int, mask=int, pairs=list, part=double)
    cpdef _message(self, int k, double share)
    @cython.locals(t=int, i=int, sent=bint)
    cpdef bint _types_covered(self, int k)
    @cython.locals(o=int, mask=long, complete=bint, reached=bint, place=int, i=int, piece=int, here=list, pieces=list, part=double)
    cpdef _station(self, int k, int s, double share)
    @cython.locals(key=tuple)
    cpdef bint _fits(self, int o, int piece, long mask, bint reached)
    @cython.locals(answer=int, now=double)
    cpdef bint _worth_going_on(self, int k)
    @cython.locals(n=int, now=int, before=int, t=int, i=int, o=int, c=int, piece=int, block=int, column=int,
                   least=double, most=double, low=double, high=double, value=double)
    cdef bint _bounds(self, int k)
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
    @cython.locals(stride=int, full=int, usable=int, r=int, c=int, cost=int, sign=double, total=double,
                   original="double[::1]", tableau="double[::1]", basis="int[::1]")
    cdef int _feasible(self, int rows, int width, int strict)
    @cython.locals(stride=int, cost=int, limit=int, count=int, enter=int, leave=int, r=int, c=int, least=double,
                   best=double, size=double, value=double, ratio=double, tableau="double[::1]", basis="int[::1]")
    cdef int _pivots(self, int rows, int full, int usable, int second)
    @cython.locals(stride=int, at=int, other=int, r=int, c=int, inverse=double, factor=double, tableau="double[::1]")
    cdef void _pivot(self, int rows, int full, int leave, int enter)
    @cython.locals(stride=int, r=int, c=int, gain=double, size=double, y=double, total=double, spread=double, value=double,
                   original="double[::1]")
    cdef int _proved_infeasible(self, int rows, int width, int full)
