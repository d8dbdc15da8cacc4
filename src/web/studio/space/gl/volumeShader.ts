/** The ray caster: projections of the greatest value, and surfaces at a threshold. */
import { blockSide } from "../blockBounds.js";
import { rays } from "./view.js";

/** Colours of labels that a surface can have. */
export const mostHues = 8;

const volume = `
uniform highp sampler3D u_values, u_bounds;
uniform vec3 u_voxels, u_spacing;
uniform ivec3 u_blocks;
uniform float u_step;
uniform bool u_isDark;
out vec4 colour;
float valueAt(vec3 voxel) {
  float value = textureLod(u_values, voxel / u_voxels, 0.0).r;
  return u_isDark ? 1.0 - value : value;
}
// The greatest value in the block of a place, and the depth at which the ray leaves that block.
vec2 blockAt(vec3 place, vec3 origin, vec3 way) {
  ivec3 block = clamp(ivec3(floor(place / ${blockSide}.0)), ivec3(0), u_blocks - 1);
  vec2 bounds = texelFetch(u_bounds, block, 0).rg;
  vec3 ends = ((vec3(block) + step(0.0, way)) * ${blockSide}.0 - origin) / way;
  return vec2(u_isDark ? 1.0 - bounds.r : bounds.g, min(ends.x, min(ends.y, ends.z)));
}
// A ray in voxels, and the depths between which it is in the box.
void enter(out vec3 origin, out vec3 way, out vec2 within, out vec3 face) {
  vec3 direction = ray();
  direction = mix(direction, vec3(1e-6), lessThan(abs(direction), vec3(1e-6)));
  origin = u_eye / u_spacing;
  way = direction / u_spacing;
  vec3 first = -origin / way, second = (u_voxels - origin) / way;
  vec3 nearest = min(first, second), farthest = max(first, second);
  within = vec2(
    max(max(nearest.x, nearest.y), max(nearest.z, u_reach.x)),
    min(farthest.x, min(farthest.y, farthest.z)));
  face = vec3(equal(nearest, vec3(within.x))) * -sign(way);
}`;

/** Greatest value along each ray, between black and white. What cannot exceed the best so far is skipped. */
export const projectionShader = `${rays}${volume}
uniform vec2 u_window;
void main() {
  vec3 origin, way, face;
  vec2 within;
  enter(origin, way, within, face);
  if (within.x >= within.y) discard;
  float stride = u_step / length(way);
  float best = u_window.x;
  float depth = ceil(within.x / stride) * stride;
  for (int guard = 0; guard < 4096 && depth < within.y && best < u_window.y; guard++) {
    vec2 block = blockAt(origin + way * depth, origin, way);
    float end = min(block.y, within.y);
    if (block.x > best) {
      do {
        best = max(best, valueAt(origin + way * depth));
        depth += stride;
      } while (depth < end);
    } else depth += max(1.0, ceil((end - depth) / stride)) * stride;
  }
  float shown = clamp((best - u_window.x) / (u_window.y - u_window.x), 0.0, 1.0);
  colour = vec4(vec3(u_isDark ? 1.0 - shown : shown), 1.0);
  gl_FragDepth = 1.0;
}`;

/** The first surface at a threshold on each ray, lit from the eye. */
export const surfaceShader = `${rays}${volume}
uniform float u_threshold, u_opacity;
uniform vec3 u_colour;
uniform int u_hues;
uniform vec3 u_palette[${mostHues}];
// The colour of the label that a ray meets: of the first voxel behind the surface that has one.
vec3 hueAt(vec3 origin, vec3 way, float hit, float stride) {
  for (int look = 0; look < 4; look++) {
    ivec3 voxel = clamp(ivec3(floor(origin + way * (hit + 0.5 * float(look) * stride))), ivec3(0), ivec3(u_voxels) - 1);
    int label = int(texelFetch(u_values, voxel, 0).r * 255.0 + 0.5);
    if (label > 0) return u_palette[(label - 1) % u_hues];
  }
  return u_colour;
}
vec3 slope(vec3 place) {
  vec2 side = vec2(1.0, 0.0);
  return vec3(
    valueAt(place + side.xyy) - valueAt(place - side.xyy),
    valueAt(place + side.yxy) - valueAt(place - side.yxy),
    valueAt(place + side.yyx) - valueAt(place - side.yyx)) / u_spacing;
}
void main() {
  vec3 origin, way, face;
  vec2 within;
  enter(origin, way, within, face);
  if (within.x >= within.y) discard;
  float stride = u_step / length(way);
  float depth = within.x + 1e-3 * stride;
  float hit = -1.0;
  bool isCut = valueAt(origin + way * depth) >= u_threshold;
  if (isCut) hit = within.x;
  else depth = ceil(within.x / stride) * stride;
  for (int guard = 0; guard < 4096 && depth < within.y && hit < 0.0; guard++) {
    vec2 block = blockAt(origin + way * depth, origin, way);
    float end = min(block.y, within.y);
    if (block.x >= u_threshold) {
      do {
        if (valueAt(origin + way * depth) >= u_threshold) { hit = depth; break; }
        depth += stride;
      } while (depth < end);
    } else depth += max(1.0, ceil((end - depth) / stride)) * stride;
  }
  if (hit < 0.0) discard;
  vec3 normal = face;
  if (!isCut) {
    float outside = max(hit - stride, within.x);
    for (int halving = 0; halving < 5; halving++) {
      float middle = 0.5 * (outside + hit);
      if (valueAt(origin + way * middle) >= u_threshold) hit = middle; else outside = middle;
    }
    normal = -slope(origin + way * hit);
  }
  float length2 = dot(normal, normal);
  float lit = length2 > 0.0 ? abs(dot(normal, normalize(ray()))) * inversesqrt(length2) : 1.0;
  vec3 hue = u_hues > 0 ? hueAt(origin, way, hit, stride) : u_colour;
  colour = vec4(hue * (0.25 + 0.75 * lit), u_opacity);
  gl_FragDepth = stored(hit);
}`;
