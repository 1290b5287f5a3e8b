#define A\
 0x10ULL /* 中� --- 
 *	***
 === */
#define B '\x41' /* no end