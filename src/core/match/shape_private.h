/*
 * shape_private - the automaton of a shape, between the one who asks (shape.c) and the
 * one who makes its states (shape_states.c).
 *
 * States are sets of nodes, made when they are first reached, under a lock; the table
 * of steps between them is read without one. Bytes that no set of the graph tells apart
 * share a class; class 0 is the edge of the text, which a line end is as well.
 */
#ifndef CORE_SHAPE_PRIVATE_H
#define CORE_SHAPE_PRIVATE_H

#include "match/shape.h"
#include "match/shape_graph.h"

#include <pthread.h>
#include <stdatomic.h>

enum { STATES_MOST = 1024, CLASSES_MOST = 128 };
enum { EDGE = 0 }; /* a class */

/* States. What is not known yet is 0, so that a fresh table is all unknown. */
enum { UNKNOWN, NO, MAYBE, YES, OUTSIDE, FIRST_MADE };

/* Set in a step to a state of several regexes from which there is no way on. */
#define DONE UINT32_C(0x80000000)

/* The nodes of a state: bytes, and conditions on what is to come. */
struct state {
	uint32_t *nodes;
	size_t count;
	uint64_t found; /* the parts that match, of which there are no nodes left */
};

/* A set of nodes in the making. */
struct set {
	uint32_t *nodes;
	size_t count;
	uint8_t *has;   /* per node */
	uint64_t found; /* parts that match */
};

struct ann_shape {
	struct ann_span *regexes; /* copies */
	size_t parts;
	bool backward;
	pthread_mutex_t lock;   /* of all below, but for the reading of steps */
	atomic_bool ready;      /* all but the states is there */
	bool useless;           /* not understood, or no memory */
	_Atomic uint64_t exact; /* by part: a yes is a yes */
	struct ann_graph graph;
	uint8_t class_of[256];
	unsigned char byte_of[CLASSES_MOST]; /* a byte of each class */
	size_t classes;
	struct state *states;
	size_t count;
	unsigned shift;          /* 1 << shift is at least `classes` */
	int32_t first_made;      /* FIRST_MADE << shift */
	_Atomic uint32_t *steps; /* by state << shift | class: a state << shift */
	struct set now;          /* what can take a byte */
	struct set then;         /* what comes of it */
};

/* Makes all but the states, unless that was done. */
void ann_shape_make_once(struct ann_shape *shape);

/* Where a state goes with a class of bytes; states are shifted, with DONE. */
uint32_t ann_shape_make_step(struct ann_shape *shape, uint32_t from, size_t class);

#endif
