cimport cython

from doubletalk.equilibrium.search_systems cimport Systems

cdef class Search(Systems):
    cdef public long nodes, judged
    cdef public double deadline, done, ticked
    cdef public object emit, judge, tick
    cdef public list last_chance
    cdef public dict local_answers
    cdef public double[::1] lower_bounds, upper_bounds

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
