cimport cython

cdef class Programme:
    cdef public int stride
    cdef public int[::1] basis
    cdef public double[::1] original, tableau, upper, dual

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
