/** Can a module outside the tree include it? DESIGN: include/ and arch/*\/include/. */
export function isPublicHeader(file: string): boolean {
  return /^(include|arch\/[^/]+\/include)\//.test(file);
}
