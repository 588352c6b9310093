// SPDX-License-Identifier: GPL-3.0-or-later
// Products of rows of signed bytes, for devices with VK_KHR_shader_integer_dot_product. The compiler has no extension
// for the instruction, so it is declared here: OpSDot with PackedVectorFormat4x8Bit (0).
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6019, 6018], id = 4450)
int signedDot4x8(int a, int b, spirv_literal int packedFormat);

int dotBytes(uint a, uint b) { return signedDot4x8(int(a), int(b), 0); }
int dotBytes(uvec4 a, uvec4 b) {
    return dotBytes(a.x, b.x) + dotBytes(a.y, b.y) + dotBytes(a.z, b.z) + dotBytes(a.w, b.w);
}
