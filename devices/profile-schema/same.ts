/** A type without `readonly`, all the way down. */
type Plain<T> = T extends string | number | boolean | bigint | undefined
  ? T
  : { -readonly [K in keyof T]: Plain<T[K]> };

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/**
 * `true` when two types are the same but for `readonly`. A schema and the type it stands for are compared with it where the
 * schema is written, so that neither can change without the other.
 */
export type Same<A, B> = Equal<Plain<A>, Plain<B>>;

/** `true` when every member of two types is the same. */
export type AllSame<A, B> = { [K in keyof A]: K extends keyof B ? Same<A[K], B[K]> : false }[keyof A] extends true
  ? true
  : false;
