#define A B
#define B (C)
#define C A
#define A 1
#define D 1 << 64
#define E 5 % (2 - 2)
#define F (UINT) -1 ? 2 : 3
#define G ((((1))))
