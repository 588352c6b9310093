<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>About</name>
    <message>
        <source>About Halftone</source>
        <translation>关于 Halftone</translation>
    </message>
    <message>
        <source>A studio for quantizing language models.</source>
        <translation>语言模型量化工作台。</translation>
    </message>
    <message>
        <source>Devices:</source>
        <translation>设备：</translation>
    </message>
    <message>
        <source>Free software under the GNU General Public License, version 3 or later. It comes without any warranty.</source>
        <translation>自由软件，依 GNU 通用公共许可证第 3 版或更高版本发布，不附带任何担保。</translation>
    </message>
</context>
<context>
    <name>Change</name>
    <message>
        <source>%1; %2</source>
        <translation>%1；%2</translation>
    </message>
    <message>
        <source>%1 of block %2: %3</source>
        <translation>第 %2 层 %1：%3</translation>
    </message>
    <message>
        <source>%1 of blocks %2: %3</source>
        <translation>第 %2 层 %1：%3</translation>
    </message>
    <message>
        <source>%1 tensors: %2</source>
        <translation>%1 个张量：%2</translation>
    </message>
    <message>
        <source>%1 tensors to %2</source>
        <translation>%1 个张量改为 %2</translation>
    </message>
    <message>
        <source>%1 more tensors</source>
        <translation>另有 %1 个张量</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1：%2</translation>
    </message>
    <message>
        <source>%1 → %2</source>
        <translation>%1 → %2</translation>
    </message>
    <message>
        <source>%1 by %2</source>
        <translation>%1（%2）</translation>
    </message>
    <message>
        <source>no change</source>
        <translation>没有变化</translation>
    </message>
</context>
<context>
    <name>ChannelMap</name>
    <message>
        <source>embedding</source>
        <translation>嵌入</translation>
    </message>
    <message>
        <source>read by attention</source>
        <translation>注意力的输入</translation>
    </message>
    <message>
        <source>added by attention</source>
        <translation>注意力的输出</translation>
    </message>
    <message>
        <source>read by feed-forward</source>
        <translation>前馈的输入</translation>
    </message>
    <message>
        <source>added by feed-forward</source>
        <translation>前馈的输出</translation>
    </message>
    <message>
        <source>read by the head</source>
        <translation>输出头的输入</translation>
    </message>
</context>
<context>
    <name>Core</name>
    <message>
        <source>Nearest</source>
        <translation>就近舍入</translation>
    </message>
    <message>
        <source>Percentile clipping</source>
        <translation>百分位截断</translation>
    </message>
    <message>
        <source>MSE clipping</source>
        <translation>MSE 截断</translation>
    </message>
    <message>
        <source>Takes the nearest value that the format has; block types search their scales as the reference library does.</source>
        <translation>取格式中最接近的值；分块类型按参考实现的方式搜索缩放因子。</translation>
    </message>
    <message>
        <source>Cuts the range at a percentile of the magnitudes, so that a few outliers do not coarsen all other values.</source>
        <translation>按绝对值的某个百分位截断取值范围，避免少数离群值拉低其余数值的精度。</translation>
    </message>
    <message>
        <source>Tries smaller ranges for every group and keeps the one with the least error, weighted by importance if known.</source>
        <translation>对每个分组尝试更小的取值范围，保留误差最小的一个；已知重要性时按其加权。</translation>
    </message>
    <message>
        <source>Moves the zero point of every group until most errors are small and few are large; needs no calibration text.</source>
        <translation>移动每个分组的零点，使多数误差很小、仅少数较大；不需要校准文本。</translation>
    </message>
    <message>
        <source>Rounds column by column and lets the columns that are left make up for the error on the calibration inputs.</source>
        <translation>逐列舍入，并由尚未处理的列补偿在校准输入上产生的误差。</translation>
    </message>
    <message>
        <source>Scales up the channels that meet large inputs before rounding, folds the scales back, and clips the ranges.</source>
        <translation>舍入前放大输入较大的通道，之后把缩放折回图中，并截断取值范围。</translation>
    </message>
    <message>
        <source>Moves outliers of the inputs into the weights, for runs that round the inputs too; seldom helps weights alone.</source>
        <translation>把输入中的离群值转移到权重里，适用于连输入也一并量化的运行方式；仅量化权重时很少有用。</translation>
    </message>
    <message>
        <source>ggml; round-to-nearest</source>
        <translation>ggml；round-to-nearest</translation>
    </message>
    <message>
        <source>classical</source>
        <translation>经典方法</translation>
    </message>
    <message>
        <source>the mse option of GPTQ</source>
        <translation>GPTQ 的 mse 选项</translation>
    </message>
    <message>
        <source>Badri and Shaji 2023</source>
        <translation>Badri 与 Shaji，2023</translation>
    </message>
    <message>
        <source>Share of the magnitudes that stays inside the range; the rest is clipped.</source>
        <translation>保留在范围内的绝对值比例，其余被截断。</translation>
    </message>
    <message>
        <source>Smallest range that is tried, as a share of the full one.</source>
        <translation>尝试的最小范围，以完整范围的比例表示。</translation>
    </message>
    <message>
        <source>Ranges that are tried between the full and the smallest one.</source>
        <translation>在完整范围与最小范围之间尝试的个数。</translation>
    </message>
    <message>
        <source>Power p of the error norm; below 1 it lets few large errors stand.</source>
        <translation>误差范数的幂 p；小于 1 时容许少数大误差。</translation>
    </message>
    <message>
        <source>Strength of the coupling; larger values trust the rounded weights more.</source>
        <translation>耦合强度；值越大，越信任舍入后的权重。</translation>
    </message>
    <message>
        <source>Steps at most.</source>
        <translation>最大迭代步数。</translation>
    </message>
    <message>
        <source>Share of the mean diagonal that is added to the Hessian&apos;s diagonal.</source>
        <translation>加到 Hessian 对角线上的阻尼，以对角线均值的比例表示。</translation>
    </message>
    <message>
        <source>Columns with large inputs go first: inside their group, and such groups first.</source>
        <translation>输入较大的列先处理：组内如此，组间也如此。</translation>
    </message>
    <message>
        <source>Scales are fitted to the original weights; act_order then sorts across groups.</source>
        <translation>缩放因子按原始权重拟合；此时 act_order 可跨组排序。</translation>
    </message>
    <message>
        <source>Ranges are searched for the least squared error instead of taken from the extremes.</source>
        <translation>按最小平方误差搜索取值范围，而不是直接取最大最小值。</translation>
    </message>
    <message>
        <source>Exponents that are tried for the channel scales.</source>
        <translation>通道缩放所尝试的指数个数。</translation>
    </message>
    <message>
        <source>Divides by the magnitude of the weights too.</source>
        <translation>同时除以权重的幅度。</translation>
    </message>
    <message>
        <source>Searches the ranges after scaling.</source>
        <translation>缩放之后再搜索取值范围。</translation>
    </message>
    <message>
        <source>Scales channels where the graph can undo it.</source>
        <translation>在计算图能够抵消之处缩放通道。</translation>
    </message>
    <message>
        <source>How much of the outliers goes over: 0.5 shares them, 0.75 and more for models with extreme ones.</source>
        <translation>转移多少离群值：0.5 为均分，离群值极端的模型取 0.75 以上。</translation>
    </message>
    <message>
        <source>%1 fits the scales of the integer and level families; %2 has a search of its own.</source>
        <translation>%1 用于拟合整数族与电平表族的缩放因子；%2 自带搜索。</translation>
    </message>
    <message>
        <source>%1 fits one codebook per row; %2 has a single one for the whole tensor.</source>
        <translation>%1 为每行拟合一个码本；而 %2 整个张量只有一个码本。</translation>
    </message>
    <message>
        <source>%1 fits one scale per row or group; %2 has a single one for the whole tensor.</source>
        <translation>%1 为每行或每组拟合一个缩放因子；而 %2 整个张量只有一个。</translation>
    </message>
    <message>
        <source>%1 fits one scale per row or group; %2 has one for 128 rows at a time.</source>
        <translation>%1 为每行或每组拟合一个缩放因子；而 %2 每 128 行共用一个。</translation>
    </message>
    <message>
        <source>%1 chooses a range, which %2 does not have: k-means finds its levels itself.</source>
        <translation>%1 选择取值范围，而 %2 没有范围可选：其电平由 k-means 自行求得。</translation>
    </message>
    <message>
        <source>Percentile clipping cuts the range of the values, but %1 takes its scale from their mean.</source>
        <translation>百分位截断作用于取值范围，而 %1 的缩放因子取自均值。</translation>
    </message>
    <message>
        <source>HQQ moves the zero point, which %1 does not have; choose an asymmetric format.</source>
        <translation>HQQ 移动零点，而 %1 没有零点；请选择非对称格式。</translation>
    </message>
    <message>
        <source>GPTQ needs a format with evenly spaced levels per group, which %1 does not have.</source>
        <translation>GPTQ 要求每组电平等距分布，%1 不满足。</translation>
    </message>
    <message>
        <source>%1 stores every value on its own, so there is nothing for %2 to choose.</source>
        <translation>%1 逐值存储，%2 没有可选择的余地。</translation>
    </message>
    <message>
        <source>%1 is no weight matrix: it stays F32 although the recipe names it.</source>
        <translation>%1 不是权重矩阵：尽管配方点了名，它仍保持 F32。</translation>
    </message>
    <message>
        <source>%1 has rows of %2 values, which %3 cannot hold: it takes %4 instead.</source>
        <translation>%1 每行 %2 个值，%3 无法容纳：改用 %4。</translation>
    </message>
    <message>
        <source>%1 has rows of %2 values, which %3&apos;s blocks of %4 do not divide: it takes %5 instead.</source>
        <translation>%1 每行 %2 个值，不能被 %3 的块大小 %4 整除：改用 %5。</translation>
    </message>
    <message>
        <source>%1. %2 tensors (the first is %3) are rounded to the nearest value instead.</source>
        <translation>%1（%2 个张量改为就近舍入，第一个是 %3。）</translation>
    </message>
    <message>
        <source>%1. %2 is rounded to the nearest value instead.</source>
        <translation>%1（%2 改为就近舍入。）</translation>
    </message>
    <message>
        <source>%1 is stored as %2, which this program does not decode: it keeps that type.</source>
        <translation>%1 以 %2 存储，本程序不能解码：保持该类型。</translation>
    </message>
    <message>
        <source>%1 holds %2 values, not weights: it keeps that type.</source>
        <translation>%1 存放的是 %2 数值而非权重：保持该类型。</translation>
    </message>
    <message>
        <source>%1 is of a kind that is never quantized (%2): it keeps that type.</source>
        <translation>%1 属于从不量化的类别（%2）：保持该类型。</translation>
    </message>
    <message>
        <source>Rule %1: %2.</source>
        <translation>规则 %1：%2。</translation>
    </message>
    <message>
        <source>Rule %1 matches no tensor of this checkpoint.</source>
        <translation>规则 %1 在此检查点中没有匹配到任何张量。</translation>
    </message>
    <message>
        <source>Rule %1 matches only tensors that take no format (norms, biases).</source>
        <translation>规则 %1 只匹配到不参与量化的张量（归一化层、偏置）。</translation>
    </message>
    <message>
        <source>Rule %1 decides nothing: what stands after it wins for all its tensors.</source>
        <translation>规则 %1 不起作用：它的张量全部由后面的规则决定。</translation>
    </message>
    <message>
        <source>The recipe names %1, which this checkpoint does not have.</source>
        <translation>配方中点名的 %1 在此检查点中不存在。</translation>
    </message>
    <message>
        <source>%1 is a type that this program does not write; choose another format.</source>
        <translation>本程序不能写出 %1 类型；请选择其他格式。</translation>
    </message>
    <message>
        <source>The inputs of %1 are not scaled: %2 of the layers that read them are not quantized by %3 with the same settings.</source>
        <translation>%1 的输入未作缩放：读取它的层中有 %2 个没有以相同设置用 %3 量化。</translation>
    </message>
    <message>
        <source>%1 of %2 needs to know the inputs of the layer: calibrate on a text first.</source>
        <translation>%1（用于 %2）需要知道该层的输入：请先用一段文本校准。</translation>
    </message>
    <message>
        <source>%1 of %2 needs the second moments of its inputs: calibrate on a text first (an importance file alone does not hold them).</source>
        <translation>%1（用于 %2）需要输入的二阶矩：请先用一段文本校准（仅有重要性文件并不够）。</translation>
    </message>
    <message>
        <source>SmoothQuant needs the largest input of every channel: calibrate on a text first (an importance file alone does not hold them).</source>
        <translation>SmoothQuant 需要每个通道的最大输入：请先用一段文本校准（仅有重要性文件并不够）。</translation>
    </message>
    <message>
        <source>The processor summed up %1 inputs of layers: their sums do not fit the device&apos;s memory.</source>
        <translation>有 %1 个层输入的统计量由处理器累加：设备显存放不下。</translation>
    </message>
    <message>
        <source>The Hessian of %1 was damped by %2 instead of %3 to be positive definite.</source>
        <translation>为使 %1 的 Hessian 正定，阻尼由 %3 提高到 %2。</translation>
    </message>
    <message>
        <source>%1 of the %2 input channels of %3 were never active in the calibration.</source>
        <translation>%3 的 %2 个输入通道中有 %1 个在校准时从未激活。</translation>
    </message>
    <message>
        <source>The recipe&apos;s method for %1 needs a model that runs here; take the default method.</source>
        <translation>配方为 %1 指定的方法需要可在此运行的模型；请改用默认方法。</translation>
    </message>
    <message>
        <source>This checkpoint cannot be written as GGUF: %1</source>
        <translation>此检查点无法写成 GGUF：%1</translation>
    </message>
    <message>
        <source>The head is tied to the embedding and is not written a second time.</source>
        <translation>输出头与嵌入共享权重，不再重复写入。</translation>
    </message>
    <message>
        <source>The head is tied to the embedding; GGUF&apos;s gpt2 keeps it apart, so the embedding is written a second time as output.weight.</source>
        <translation>输出头与嵌入共享权重；GGUF 的 gpt2 将二者分开存放，因此嵌入会以 output.weight 之名再写一份。</translation>
    </message>
    <message>
        <source>%1 has no name in GGUF&apos;s %2 architecture and is left out.</source>
        <translation>%1 在 GGUF 的 %2 架构中没有对应名称，已略去。</translation>
    </message>
    <message>
        <source>%1 has %2 dimensions; GGUF allows %3.</source>
        <translation>%1 有 %2 维；GGUF 最多允许 %3 维。</translation>
    </message>
    <message>
        <source>%1 is stored as %2, which GGUF has no type for and this program does not decode.</source>
        <translation>%1 以 %2 存储，GGUF 没有这种类型，本程序也不能解码。</translation>
    </message>
    <message>
        <source>%1 is stored as %2, which GGUF has no type for: it is written as %3.</source>
        <translation>%1 以 %2 存储，GGUF 没有这种类型：将写成 %3。</translation>
    </message>
    <message>
        <source>%1: GGUF has no %2; its values go into %3, value for value. They take %4 bits a weight there instead of %5; for a small file choose a GGUF type such as %6.</source>
        <translation>%1：GGUF 没有 %2；其数值逐一原样存入 %3，每权重占 %4 位而不是 %5 位；若要文件更小，请选 %6 之类的 GGUF 类型。</translation>
    </message>
    <message>
        <source>%1: GGUF has no %2; its values go into %3, rounded to 16-bit floats. They take %4 bits a weight there instead of %5; for a small file choose a GGUF type such as %6.</source>
        <translation>%1：GGUF 没有 %2；其数值舍入为 16 位浮点存入 %3，每权重占 %4 位而不是 %5 位；若要文件更小，请选 %6 之类的 GGUF 类型。</translation>
    </message>
    <message>
        <source>%1: GGUF has no %2; its values go into %3, with the offset of each group rounded to a 16-bit float. They take %4 bits a weight there instead of %5; for a small file choose a GGUF type such as %6.</source>
        <translation>%1：GGUF 没有 %2；其数值存入 %3，每组偏移舍入为 16 位浮点，每权重占 %4 位而不是 %5 位；若要文件更小，请选 %6 之类的 GGUF 类型。</translation>
    </message>
    <message>
        <source>%1: GGUF has no %2; its values go into %3, value for value.</source>
        <translation>%1：GGUF 没有 %2；其数值逐一原样存入 %3。</translation>
    </message>
    <message>
        <source>%1: GGUF has no %2; its values go into %3, rounded to 16-bit floats.</source>
        <translation>%1：GGUF 没有 %2；其数值舍入为 16 位浮点存入 %3。</translation>
    </message>
    <message>
        <source>%1: GGUF has no %2; its values go into %3, with the offset of each group rounded to a 16-bit float.</source>
        <translation>%1：GGUF 没有 %2；其数值存入 %3，每组偏移舍入为 16 位浮点。</translation>
    </message>
    <message>
        <source>The name %1 has %2 bytes; GGUF allows %3.</source>
        <translation>名称 %1 长 %2 字节；GGUF 最多允许 %3 字节。</translation>
    </message>
    <message>
        <source>Two tensors would be called %1.</source>
        <translation>有两个张量会同名为 %1。</translation>
    </message>
    <message>
        <source>The model uses GELU by the error function; GGUF runtimes compute gpt2&apos;s GELU by tanh, so their logits differ slightly from this model&apos;s.</source>
        <translation>该模型的 GELU 用误差函数计算；GGUF 运行时以 tanh 计算 gpt2 的 GELU，因此 logits 会有细微差别。</translation>
    </message>
    <message>
        <source>The model attends to the last %1 tokens; runtimes of GGUF&apos;s llama architecture attend to all of them, so longer prompts give other results there.</source>
        <translation>该模型只关注最近 %1 个 token；GGUF llama 架构的运行时会关注全部，因此较长的提示词结果会不同。</translation>
    </message>
    <message>
        <source>The file gets no tokenizer, so runtimes cannot turn text into tokens: %1</source>
        <translation>文件中不含分词器，运行时无法把文本转换成 token：%1</translation>
    </message>
    <message>
        <source>%1 holds no tensors: there is nothing to export.</source>
        <translation>%1 不含任何张量：没有可导出的内容。</translation>
    </message>
    <message>
        <source>%1 is not a file name.</source>
        <translation>%1 不是文件名。</translation>
    </message>
    <message>
        <source>The folder %1 does not exist.</source>
        <translation>文件夹 %1 不存在。</translation>
    </message>
    <message>
        <source>%1 is the model being read; write the export to another file.</source>
        <translation>%1 正是当前读取的模型；请导出到另一个文件。</translation>
    </message>
    <message>
        <source>The export takes %1 MB, but the disk of %2 has only %3 MB free.</source>
        <translation>导出需要 %1 MB，而 %2 所在磁盘只剩 %3 MB。</translation>
    </message>
    <message>
        <source>Cannot write %1: it needs %2 bytes, and the disk has no room for them; free some space or choose another disk.</source>
        <translation>无法写入 %1：需要 %2 字节，磁盘空间不足；请清理空间或换一个磁盘。</translation>
    </message>
    <message>
        <source>Cannot write %1: it is a folder; give a file name.</source>
        <translation>无法写入 %1：这是一个文件夹；请给出文件名。</translation>
    </message>
    <message>
        <source>Two bits; with few key-value heads four for the values, and for the first down projections</source>
        <translation>2 位；键值头较少时，value 投影与最前几层的 down 投影用 4 位</translation>
    </message>
    <message>
        <source>Two bits; three or four for values, three for down and attention output projections</source>
        <translation>2 位；value 投影用 3 或 4 位，down 投影与注意力输出投影用 3 位</translation>
    </message>
    <message>
        <source>Three bits throughout, six for the head</source>
        <translation>全部 3 位，输出头 6 位</translation>
    </message>
    <message>
        <source>Three bits; four, at the beginning five, for values, down and attention output projections</source>
        <translation>3 位；value、down 与注意力输出投影用 4 位，最前几层用 5 位</translation>
    </message>
    <message>
        <source>Three bits; five for values, down and attention output projections</source>
        <translation>3 位；value、down 与注意力输出投影用 5 位</translation>
    </message>
    <message>
        <source>Four bits on a curved scale in super-blocks; five for the first down projections</source>
        <translation>4 位非均匀电平，超级块；最前几层的 down 投影用 5 位</translation>
    </message>
    <message>
        <source>Four bits on a curved scale; five for the first down projections</source>
        <translation>4 位非均匀电平；最前几层的 down 投影用 5 位</translation>
    </message>
    <message>
        <source>Four bits in simple blocks, fast everywhere; six for the head</source>
        <translation>4 位简单分块，处处都快；输出头 6 位</translation>
    </message>
    <message>
        <source>Four bits; five for the first values and down projections</source>
        <translation>4 位；最前几层的 value 与 down 投影用 5 位</translation>
    </message>
    <message>
        <source>Four bits; six for half of the values and down projections. The usual choice</source>
        <translation>4 位；一半的 value 与 down 投影用 6 位。最常用的选择</translation>
    </message>
    <message>
        <source>Four bits with an offset in simple blocks; six for the head</source>
        <translation>4 位带偏移，简单分块；输出头 6 位</translation>
    </message>
    <message>
        <source>Five bits in simple blocks; six for the head</source>
        <translation>5 位简单分块；输出头 6 位</translation>
    </message>
    <message>
        <source>Five bits throughout, six for the head</source>
        <translation>全部 5 位，输出头 6 位</translation>
    </message>
    <message>
        <source>Five bits; six for half of the values and down projections</source>
        <translation>5 位；一半的 value 与 down 投影用 6 位</translation>
    </message>
    <message>
        <source>Five bits with an offset in simple blocks; six for the head</source>
        <translation>5 位带偏移，简单分块；输出头 6 位</translation>
    </message>
    <message>
        <source>Six bits throughout</source>
        <translation>全部 6 位</translation>
    </message>
    <message>
        <source>Eight bits throughout</source>
        <translation>全部 8 位</translation>
    </message>
    <message>
        <source>F16, the original in half precision</source>
        <translation>F16，半精度原模型</translation>
    </message>
    <message>
        <source>3-bit integers, a trial</source>
        <translation>3 位整数，试验</translation>
    </message>
    <message>
        <source>4-bit integers, groups of 128, symmetric</source>
        <translation>4 位整数，分组 128，对称</translation>
    </message>
    <message>
        <source>4-bit integers, groups of 32, asymmetric</source>
        <translation>4 位整数，分组 32，非对称</translation>
    </message>
    <message>
        <source>8-bit integers, one scale per channel</source>
        <translation>8 位整数，每通道一个缩放因子</translation>
    </message>
    <message>
        <source>4 bits, simple blocks for speed</source>
        <translation>4 位，简单分块，速度优先</translation>
    </message>
    <message>
        <source>4 bits, balanced</source>
        <translation>4 位，均衡</translation>
    </message>
    <message>
        <source>4 bits, small</source>
        <translation>4 位，小体积</translation>
    </message>
    <message>
        <source>5 bits, balanced</source>
        <translation>5 位，均衡</translation>
    </message>
    <message>
        <source>6 bits, close to the original</source>
        <translation>6 位，接近原模型</translation>
    </message>
    <message>
        <source>8 bits, hardly told apart from the original</source>
        <translation>8 位，几乎与原模型无异</translation>
    </message>
    <message>
        <source>Smallest that still reads</source>
        <translation>尚可阅读的最小体积</translation>
    </message>
    <message>
        <source>allocated, %1 bits</source>
        <translation>按敏感度分配，%1 位</translation>
    </message>
    <message>
        <source>Evaluating</source>
        <translation>评测</translation>
    </message>
    <message>
        <source>Evaluating the original</source>
        <translation>评测原模型</translation>
    </message>
    <message>
        <source>Comparing predictions</source>
        <translation>比较预测</translation>
    </message>
    <message>
        <source>Collecting activations</source>
        <translation>收集激活</translation>
    </message>
    <message>
        <source>Trying tensors</source>
        <translation>逐个尝试张量</translation>
    </message>
    <message>
        <source>Trying formats</source>
        <translation>逐个尝试格式</translation>
    </message>
    <message>
        <source>Trying layers</source>
        <translation>逐层尝试</translation>
    </message>
    <message>
        <source>Quantizing %1</source>
        <translation>量化 %1</translation>
    </message>
    <message>
        <source>Writing %1</source>
        <translation>写入 %1</translation>
    </message>
    <message>
        <source>Checking the file</source>
        <translation>校验文件</translation>
    </message>
    <message>
        <source>Quantizing</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>quantizing</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Searching scales</source>
        <translation>搜索缩放因子</translation>
    </message>
    <message>
        <source>Calibrating</source>
        <translation>校准</translation>
    </message>
    <message>
        <source>Writing</source>
        <translation>写入</translation>
    </message>
    <message>
        <source>Generating text</source>
        <translation>生成文本</translation>
    </message>
    <message>
        <source>generating</source>
        <translation>生成</translation>
    </message>
    <message>
        <source>Saving the calibration</source>
        <translation>保存校准结果</translation>
    </message>
    <message>
        <source>uploading weights</source>
        <translation>上传权重</translation>
    </message>
    <message>
        <source>statistics</source>
        <translation>统计</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>token</translation>
    </message>
    <message>
        <source>rows</source>
        <translation>行</translation>
    </message>
    <message>
        <source>tensors</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>places</source>
        <translation>处</translation>
    </message>
    <message>
        <source>layers</source>
        <translation>层</translation>
    </message>
    <message>
        <source>scalar reference, one thread</source>
        <translation>标量参考实现，单线程</translation>
    </message>
    <message>
        <source>%1, %2 threads</source>
        <translation>%1，%2 线程</translation>
    </message>
    <message>
        <source>%1 cannot be used: %2</source>
        <translation>%1 不可用：%2</translation>
    </message>
    <message>
        <source>its driver offers Vulkan %1, and 1.2 is needed; a newer driver may help.</source>
        <translation>驱动只支持 Vulkan %1，而需要 1.2；更新驱动或许有用。</translation>
    </message>
    <message>
        <source>its driver has no timeline semaphores; a newer driver may help.</source>
        <translation>驱动不支持时间线信号量；更新驱动或许有用。</translation>
    </message>
    <message>
        <source>its driver has no subgroup arithmetic and shuffle in compute shaders; a newer driver may help.</source>
        <translation>驱动的计算着色器不支持子组算术与 shuffle；更新驱动或许有用。</translation>
    </message>
    <message>
        <source>its subgroups are %1 invocations wide, and 4 are needed.</source>
        <translation>子组宽度只有 %1，而需要 4。</translation>
    </message>
    <message>
        <source>a storage binding holds only %1 KiB, and 1 MiB is needed.</source>
        <translation>单个存储绑定只能容纳 %1 KiB，而需要 1 MiB。</translation>
    </message>
    <message>
        <source>a shader may bind fewer than 4 storage buffers.</source>
        <translation>着色器可绑定的存储缓冲区不足 4 个。</translation>
    </message>
    <message>
        <source>it has fewer than 64 bytes of push constants.</source>
        <translation>push constant 不足 64 字节。</translation>
    </message>
    <message>
        <source>a workgroup shares only %1 bytes, and 16384 are needed.</source>
        <translation>工作组共享内存只有 %1 字节，而需要 16384 字节。</translation>
    </message>
    <message>
        <source>a workgroup has at most %1 invocations, and 128 are needed.</source>
        <translation>工作组最多 %1 个调用，而需要 128 个。</translation>
    </message>
    <message>
        <source>it reports no memory of its own.</source>
        <translation>设备没有报告自己的显存。</translation>
    </message>
    <message>
        <source>it has only %1 MiB of memory, and 256 MiB are needed.</source>
        <translation>显存只有 %1 MiB，而需要 256 MiB。</translation>
    </message>
    <message>
        <source>it has no memory that the processor can write.</source>
        <translation>没有处理器可写的内存。</translation>
    </message>
    <message>
        <source>it has no queue for compute work.</source>
        <translation>没有可用于计算的队列。</translation>
    </message>
    <message>
        <source>This build has no Vulkan engine; take the CPU.</source>
        <translation>此版本不含 Vulkan 引擎；请使用 CPU。</translation>
    </message>
    <message>
        <source>This machine has no Vulkan device; a GPU driver may be missing.</source>
        <translation>本机没有 Vulkan 设备；可能缺少 GPU 驱动。</translation>
    </message>
    <message>
        <source>This machine has no Vulkan loader; install libvulkan and a GPU driver.</source>
        <translation>本机没有 Vulkan 加载器；请安装 libvulkan 与 GPU 驱动。</translation>
    </message>
    <message>
        <source>There is no Vulkan device %1; this machine has %2.</source>
        <translation>没有编号为 %1 的 Vulkan 设备；本机共有 %2 个。</translation>
    </message>
    <message>
        <source>The GPU stopped responding and could not %1; the processor can take over.</source>
        <translation>GPU 停止响应（%1 未完成）；可改由处理器接手。</translation>
    </message>
    <message>
        <source>%1 has no room for %2 (%3 MiB): %4 of %5 MiB are in use. A smaller model, fewer bits or a shorter context would fit, or the processor can run it.</source>
        <translation>%1 的显存放不下 %2（%3 MiB）：%5 MiB 中已用 %4 MiB。可换更小的模型、更少的位数或更短的上下文，或改用处理器运行。</translation>
    </message>
    <message>
        <source>config.json does not state model_type, so the model cannot be run.</source>
        <translation>config.json 未写明 model_type，模型无法运行。</translation>
    </message>
    <message>
        <source>The metadata do not state general.architecture, so the model cannot be run.</source>
        <translation>元数据未写明 general.architecture，模型无法运行。</translation>
    </message>
    <message>
        <source>The folder has no config.json, so the model cannot be run; its weights can be inspected.</source>
        <translation>文件夹中没有 config.json，模型无法运行，但可以查看其权重。</translation>
    </message>
    <message>
        <source>model.safetensors.index.json is missing; the shards were put together by their names.</source>
        <translation>缺少 model.safetensors.index.json；已按文件名拼合各分片。</translation>
    </message>
    <message>
        <source>Tensor %1 lies in %2 but the index does not list it there; it is left out.</source>
        <translation>张量 %1 位于 %2，但索引中没有列出；已略去。</translation>
    </message>
    <message>
        <source>%1 buffers that are not weights (attention masks, rotation tables) are left out.</source>
        <translation>%1 个不是权重的缓冲区（注意力掩码、旋转表）已略去。</translation>
    </message>
    <message>
        <source>%1 ends with %2 bytes that belong to no tensor.</source>
        <translation>%1 末尾有 %2 字节不属于任何张量。</translation>
    </message>
    <message>
        <source>Tensors %1 and %2 would both be called %3; the second keeps its own name.</source>
        <translation>张量 %1 与 %2 会同名为 %3；后者保留原名。</translation>
    </message>
    <message>
        <source>This is a bare tensor file without config.json, so it cannot be run; open the model&apos;s whole folder to run it. Its weights can still be browsed and quantized.</source>
        <translation>这是不带 config.json 的单个张量文件，无法运行；要运行请打开整个模型文件夹。其权重仍可浏览和量化。</translation>
    </message>
    <message>
        <source>This folder holds only a tokenizer; there is no model in it to run.</source>
        <translation>此文件夹只有分词器，没有可运行的模型。</translation>
    </message>
    <message>
        <source>The architecture &apos;%1&apos; does not run here: %2. Its weights can still be browsed and quantized.</source>
        <translation>架构“%1”不能在此运行：%2。其权重仍可浏览和量化。</translation>
    </message>
    <message>
        <source>llama, mistral, qwen2, qwen3 and gpt2 do</source>
        <translation>可运行的有 llama、mistral、qwen2、qwen3 和 gpt2</translation>
    </message>
    <message>
        <source>it is a mixture of experts</source>
        <translation>它是混合专家模型</translation>
    </message>
    <message>
        <source>its attention is not causal</source>
        <translation>其注意力不是因果的</translation>
    </message>
    <message>
        <source>The weights of this folder are already quantized in a way that does not run here (quantization_config in config.json); they can still be browsed.</source>
        <translation>此文件夹的权重已按不能在此运行的方式量化（见 config.json 的 quantization_config）；仍可浏览。</translation>
    </message>
    <message>
        <source>The checkpoint has no token embedding (&apos;token_embd.weight&apos;); the model cannot be run.</source>
        <translation>检查点缺少 token 嵌入（token_embd.weight）；模型无法运行。</translation>
    </message>
    <message>
        <source>The checkpoint has no tensor &apos;%1&apos;, which the model needs; a part of it may be missing.</source>
        <translation>检查点缺少模型所需的张量“%1”；可能有部分文件缺失。</translation>
    </message>
    <message>
        <source>The tokenizer of %1 has %2 tokens, but the model knows only %3; they do not belong together.</source>
        <translation>%1 的分词器有 %2 个 token，而模型只认识 %3 个；二者不匹配。</translation>
    </message>
    <message>
        <source>%1 holds only a tokenizer: there is no model to run.</source>
        <translation>%1 只有分词器：没有可运行的模型。</translation>
    </message>
    <message>
        <source>The job was cancelled.</source>
        <translation>任务已取消。</translation>
    </message>
    <message>
        <source>There is not enough memory for this job; close other programs or take a smaller part.</source>
        <translation>内存不足，无法完成此任务；请关闭其他程序，或只处理较小的一部分。</translation>
    </message>
    <message>
        <source>Cannot open %1: %2.</source>
        <translation>无法打开 %1：%2。</translation>
    </message>
    <message>
        <source>No such file or directory</source>
        <translation>没有这个文件或文件夹</translation>
    </message>
    <message>
        <source>Permission denied</source>
        <translation>没有权限</translation>
    </message>
    <message>
        <source>%1 is not a regular file.</source>
        <translation>%1 不是普通文件。</translation>
    </message>
    <message>
        <source>%1 is not a checkpoint; open a Hugging Face folder, a .gguf file or a .safetensors file.</source>
        <translation>%1 不是检查点；请打开 Hugging Face 文件夹、.gguf 文件或 .safetensors 文件。</translation>
    </message>
    <message>
        <source>%1 holds no checkpoint: there is no model.safetensors, no model.safetensors.index.json, no .gguf file and no tokenizer.</source>
        <translation>%1 中没有检查点：找不到 model.safetensors、model.safetensors.index.json、.gguf 文件或分词器。</translation>
    </message>
    <message>
        <source>%1 holds its weights as PyTorch pickle files, which are not read because they can run code; convert them to safetensors.</source>
        <translation>%1 的权重是 PyTorch pickle 文件，这种文件可能执行代码，因此不读取；请转换为 safetensors。</translation>
    </message>
    <message>
        <source>%1 holds %2 GGUF files; open one of them, for example %3.</source>
        <translation>%1 中有 %2 个 GGUF 文件；请打开其中之一，例如 %3。</translation>
    </message>
    <message>
        <source>A shard of the model is missing: %1 is listed in %2 (for tensor %3) but does not exist.</source>
        <translation>模型缺少一个分片：%2 中列出了 %1（张量 %3），但该文件不存在。</translation>
    </message>
    <message>
        <source>Split %1 of %2 of the model is missing: %3 does not exist.</source>
        <translation>模型的 %2 个分卷中缺少第 %1 个：%3 不存在。</translation>
    </message>
    <message>
        <source>%1 is not a saved session.</source>
        <translation>%1 不是已保存的会话。</translation>
    </message>
    <message>
        <source>%1 was saved by a newer version of this program (session version %2, this program reads up to %3).</source>
        <translation>%1 由更新版本的程序保存（会话版本 %2，本程序最高可读 %3）。</translation>
    </message>
    <message>
        <source>The recipe in %1 is broken: %2</source>
        <translation>%1 中的配方有误：%2</translation>
    </message>
    <message>
        <source>No text is chosen; choose a text file first.</source>
        <translation>尚未选择文本；请先选择一个文本文件。</translation>
    </message>
    <message>
        <source>The text %1 cannot be read: %2.</source>
        <translation>无法读取文本 %1：%2。</translation>
    </message>
    <message>
        <source>The text %1 is larger than 1 GiB; take a part of it.</source>
        <translation>文本 %1 超过 1 GiB；请截取一部分。</translation>
    </message>
    <message>
        <source>The text %1 is empty; choose one with words in it.</source>
        <translation>文本 %1 是空的；请选择有内容的文本。</translation>
    </message>
    <message>
        <source>The text has %1 tokens, but protocol %2 needs at least %3; take a longer text or a smaller context.</source>
        <translation>文本有 %1 个 token，而协议 %2 至少需要 %3 个；请换更长的文本或更小的上下文。</translation>
    </message>
    <message>
        <source>The text is empty: there is nothing to evaluate.</source>
        <translation>文本是空的：没有可评测的内容。</translation>
    </message>
    <message>
        <source>The calibration text is empty: there is nothing to collect activations from.</source>
        <translation>校准文本是空的：无从收集激活。</translation>
    </message>
    <message>
        <source>Protocol bos-window needs a begin-of-sequence token, which this tokenizer does not have; use plain-window.</source>
        <translation>协议 bos-window 需要序列起始 token，而此分词器没有；请改用 plain-window。</translation>
    </message>
    <message>
        <source>The model has %1 positions; windows of %2 tokens do not fit. Set a context of at most %3.</source>
        <translation>模型只有 %1 个位置，放不下 %2 个 token 的窗口；请把上下文设为不超过 %3。</translation>
    </message>
    <message>
        <source>The windows of %1 tokens are longer than the %2 the model was made for; the figures are likely worse for that.</source>
        <translation>%1 个 token 的窗口超过了模型设计的 %2；指标很可能因此偏差。</translation>
    </message>
    <message>
        <source>Keeping the original&apos;s distributions of %1 positions takes %2 MB, but %3 MB are allowed; evaluate fewer windows.</source>
        <translation>保存原模型 %1 个位置的分布需要 %2 MB，而上限为 %3 MB；请评测更少的窗口。</translation>
    </message>
    <message>
        <source>The model&apos;s logits at position %1 are not finite: the weights or their format are broken.</source>
        <translation>模型在位置 %1 的 logits 不是有限值：权重或其格式有问题。</translation>
    </message>
    <message>
        <source>The prompt is empty, and this model has no token that begins a text; write at least one character.</source>
        <translation>提示词为空，而此模型没有起始 token；请至少输入一个字符。</translation>
    </message>
    <message>
        <source>The prompt has %1 tokens, but the model&apos;s context holds %2; shorten it.</source>
        <translation>提示词有 %1 个 token，而模型上下文只能容纳 %2 个；请缩短。</translation>
    </message>
    <message>
        <source>The text has %1 tokens, but the model&apos;s context holds %2; shorten it.</source>
        <translation>文本有 %1 个 token，而模型上下文只能容纳 %2 个；请缩短。</translation>
    </message>
    <message>
        <source>There is no format to choose from.</source>
        <translation>没有可供选择的格式。</translation>
    </message>
    <message>
        <source>No choice of these formats is so small: the smallest comes to %1 MB, and %2 MB were asked for.</source>
        <translation>这些格式凑不出这么小的体积：最小为 %1 MB，而要求 %2 MB。</translation>
    </message>
    <message>
        <source>Tensor %1 holds %2 at row %3, column %4, which no quantized format can store. Repair the checkpoint, or choose to map such values to zero.</source>
        <translation>张量 %1 在第 %3 行第 %4 列的值为 %2，任何量化格式都无法存储。请修复检查点，或选择把此类数值置零。</translation>
    </message>
    <message>
        <source>Tensor %1 has values too large for %2 in rows %3 to %4. Choose a format with a wider range, such as BF16.</source>
        <translation>张量 %1 在第 %3 至 %4 行有超出 %2 范围的数值。请选择范围更宽的格式，例如 BF16。</translation>
    </message>
    <message>
        <source>Measuring speed</source>
        <translation>测量速度</translation>
    </message>
    <message>
        <source>A perplexity above the number of tokens in the vocabulary (%1) is worse than guessing: the model was not made for texts like this one.</source>
        <translation>困惑度超过了词表大小（%1），比随机猜测还差：该模型并不适用于这类文本。</translation>
    </message>
    <message>
        <source>The vocabulary of %1 lacks %2 % of this text&apos;s characters, so its figures say little; choose a text of the kind that the model was made for.</source>
        <translation>%1 的词表缺少此文本中 %2 % 的字符，指标意义不大；请选择适合该模型的文本。</translation>
    </message>
    <message>
        <source>Ranges that are tried, the one of least squared error is kept; 1 is the method as published.</source>
        <translation>尝试的取值范围个数，保留平方误差最小者；1 即论文中的原方法。</translation>
    </message>
    <message>
        <source>Leaves out the elements of each row whose magnitude times the size of their inputs is least, rounds the others to nearest.</source>
        <translation>去掉每行中幅值与输入大小之积最小的元素，其余就近舍入。</translation>
    </message>
    <message>
        <source>Leaves out and rounds column by column, and lets the columns that are left make up for the error.</source>
        <translation>逐列去除并舍入，由剩余的列弥补误差。</translation>
    </message>
    <message>
        <source>Passes over the codes afterwards; each code moves to where the output error is least.</source>
        <translation>舍入之后再遍历编码的次数；每个编码移到输出误差最小处。</translation>
    </message>
    <message>
        <source>SparseGPT needs a format with evenly spaced levels per group, which %1 does not have.</source>
        <translation>SparseGPT 需要每组电平等距的格式，%1 不是。</translation>
    </message>
    <message>
        <source>GPTQ rounds all elements, but %1 leaves some out: choose SparseGPT, which does both at once.</source>
        <translation>GPTQ 舍入所有元素，而 %1 要去掉一部分：请选 SparseGPT，它同时做这两件事。</translation>
    </message>
    <message>
        <source>%1 chooses which elements are left out, and %2 keeps them all: choose a sparse format, such as %3.</source>
        <translation>%1 决定去掉哪些元素，而 %2 保留全部元素：请选稀疏格式，例如 %3。</translation>
    </message>
    <message>
        <source>%1 does not store a zero as exactly zero, so that elements cannot be left out of it.</source>
        <translation>%1 不能把零精确存为零，因此无法去掉元素。</translation>
    </message>
    <message>
        <source>%1 stores every value on its own, so that nothing is left to correct.</source>
        <translation>%1 逐个存储每个值，没有可修正之处。</translation>
    </message>
    <message>
        <source>%1 models cannot be rotated: their norms take off the mean, which a rotation does not keep (LayerNorm).</source>
        <translation>%1 模型无法旋转：其归一化层会减去均值，旋转不能保持均值（LayerNorm）。</translation>
    </message>
    <message>
        <source>%1 of %2 needs to know the size of its inputs: calibrate on a text, or give an importance file, first.</source>
        <translation>%2 的 %1 需要知道输入的大小：请先用文本校准，或提供重要性文件。</translation>
    </message>
    <message>
        <source>The head is tied to the embedding, but comes to differ from it: it is written apart, as output.weight.</source>
        <translation>输出头与嵌入共享权重，但之后两者不同：它将单独写为 output.weight。</translation>
    </message>
    <message>
        <source>CPU server</source>
        <translation>CPU 服务器</translation>
    </message>
    <message>
        <source>GPU server</source>
        <translation>GPU 服务器</translation>
    </message>
    <message>
        <source>Mobile</source>
        <translation>移动设备</translation>
    </message>
    <message>
        <source>Edge</source>
        <translation>边缘设备</translation>
    </message>
    <message>
        <source>llama.cpp on x86-64 with AVX2 or AVX-512</source>
        <translation>llama.cpp，x86-64，带 AVX2 或 AVX-512</translation>
    </message>
    <message>
        <source>vLLM on NVIDIA, weights as compressed-tensors</source>
        <translation>vLLM，NVIDIA，权重为 compressed-tensors</translation>
    </message>
    <message>
        <source>llama.cpp on Adreno GPUs through OpenCL</source>
        <translation>llama.cpp，Adreno GPU，经 OpenCL</translation>
    </message>
    <message>
        <source>llama.cpp on Arm processors with dot products</source>
        <translation>llama.cpp，带点积指令的 Arm 处理器</translation>
    </message>
    <message>
        <source>Q4_0, Q4_K, IQ4_NL and MXFP4 are fastest: their blocks are interleaved at load.</source>
        <translation>Q4_0、Q4_K、IQ4_NL 和 MXFP4 最快：加载时分块会交错排列。</translation>
    </message>
    <message>
        <source>Integers of 4 or 8 bits per row or in groups of 32, 64 or 128, FP8 E4M3, MXFP4, NVFP4.</source>
        <translation>4 位或 8 位整数（按行，或每组 32、64、128），FP8 E4M3，MXFP4，NVFP4。</translation>
    </message>
    <message>
        <source>Q4_0 throughout is fastest; Q8_0, MXFP4 and F16 have kernels too.</source>
        <translation>全部用 Q4_0 最快；Q8_0、MXFP4 和 F16 也有内核。</translation>
    </message>
    <message>
        <source>Types whose blocks are interleaved at load: Q4_0, IQ4_NL, MXFP4, Q4_K to Q6_K, Q8_0.</source>
        <translation>加载时分块会交错排列的类型：Q4_0、IQ4_NL、MXFP4、Q4_K 至 Q6_K、Q8_0。</translation>
    </message>
    <message>
        <source>%1 does not suit %2: its fast kernels want outputs in multiples of %3 and inputs of %4.</source>
        <translation>%1 不适合 %2：其快速内核要求输出数为 %3 的倍数，输入数为 %4 的倍数。</translation>
    </message>
    <message>
        <source>%1 does not suit %2: %3</source>
        <translation>%1 不适合 %2：%3</translation>
    </message>
    <message>
        <source>%1 is %2 and %3 is %4: vLLM makes one matrix of them, give both the same.</source>
        <translation>%1 是 %2，%3 是 %4：vLLM 把它们合成一个矩阵，请用同一格式。</translation>
    </message>
    <message>
        <source>%1 leaves out zeros or adds corrections, which no runtime has for %2.</source>
        <translation>%1 省去零值或附加修正，%2 没有支持它的运行时。</translation>
    </message>
    <message>
        <source>%1 is no type of GGUF, and llama.cpp loads nothing else.</source>
        <translation>%1 不是 GGUF 的类型，而 llama.cpp 只加载 GGUF。</translation>
    </message>
    <message>
        <source>%1 is slow on processors, or so new that an older llama.cpp refuses the file.</source>
        <translation>%1 在处理器上较慢，或因太新而被旧版 llama.cpp 拒绝。</translation>
    </message>
    <message>
        <source>%1 is a type of GGUF, which vLLM reads through an experimental plug-in only.</source>
        <translation>%1 是 GGUF 的类型，vLLM 只能经实验性插件读取。</translation>
    </message>
    <message>
        <source>vLLM has no fast kernel for %1: it wants integers of 4 or 8 bits per row or in groups of 32, 64 or 128, or FP8 E4M3.</source>
        <translation>vLLM 没有适合 %1 的快速内核：它要 4 位或 8 位整数（按行，或每组 32、64、128），或 FP8 E4M3。</translation>
    </message>
    <message>
        <source>%1 has no fast kernel on phone GPUs: take Q4_0, Q8_0 or MXFP4.</source>
        <translation>%1 在手机 GPU 上没有快速内核：请用 Q4_0、Q8_0 或 MXFP4。</translation>
    </message>
    <message>
        <source>%1 has no interleaved kernel on Arm, so prompts take long: take Q4_0, IQ4_NL, Q4_K to Q6_K or Q8_0.</source>
        <translation>%1 在 Arm 上没有交错内核，处理提示词较慢：请用 Q4_0、IQ4_NL、Q4_K 至 Q6_K 或 Q8_0。</translation>
    </message>
    <message>
        <source>%1 cannot be written as %2: no runtime that reads GGUF keeps outliers beside the codes. Choose %3 for it, or F16.</source>
        <translation>%1 无法写为 %2：读取 GGUF 的运行时都不支持编码之外的离群值。请改用 %3 或 F16。</translation>
    </message>
    <message>
        <source>%1 cannot be written as %2: adapters correct matrices alone, not stacks of them. Choose %3 for it, or F16.</source>
        <translation>%1 无法写为 %2：适配器只能修正单个矩阵，不能修正一组矩阵。请改用 %3 或 F16。</translation>
    </message>
    <message>
        <source>%1 cannot be written as %2: runtimes apply no adapter to an embedding that is the head as well. Choose %3 for it, or F16.</source>
        <translation>%1 无法写为 %2：嵌入兼作输出头时，运行时不会对其应用适配器。请改用 %3 或 F16。</translation>
    </message>
    <message>
        <source>The low-rank corrections of %1 tensors go into an adapter beside the file; llama.cpp loads it with --lora.</source>
        <translation>%1 个张量的低秩修正写入文件旁的适配器；llama.cpp 用 --lora 加载。</translation>
    </message>
    <message>
        <source>Load the model together with its corrections: llama-cli -m %1 --lora %2.</source>
        <translation>加载模型及其修正：llama-cli -m %1 --lora %2。</translation>
    </message>
    <message>
        <source>Static rounding of activations needs a calibration: calibrate on a text first.</source>
        <translation>激活的静态舍入需要校准：请先用文本校准。</translation>
    </message>
    <message>
        <source>Heads of %1 values are no whole number of %2 blocks of %3; take F16 cells.</source>
        <translation>%1 个值的注意力头不是 %2 块（%3 个值）的整数倍；请用 F16。</translation>
    </message>
    <message>
        <source>Learns by gradient steps which way each value is rounded, so that the output of the whole block stays close; slow.</source>
        <translation>用梯度步学习每个值的舍入方向，使整个块的输出接近原模型；较慢。</translation>
    </message>
    <message>
        <source>Steps along the gradient.</source>
        <translation>梯度步数。</translation>
    </message>
    <message>
        <source>Tokens that one step looks at.</source>
        <translation>每一步所用的 token 数。</translation>
    </message>
    <message>
        <source>Tokens of the calibration text that are used at most.</source>
        <translation>最多使用的校准文本 token 数。</translation>
    </message>
    <message>
        <source>How far a value may be pushed before it is rounded, in steps of its levels.</source>
        <translation>舍入前一个值最多可移动的距离，以量化级间距为单位。</translation>
    </message>
    <message>
        <source>Tunes the scales too.</source>
        <translation>同时调整缩放因子。</translation>
    </message>
    <message>
        <source>Starts from what GPTQ finds, where the calibration has second moments.</source>
        <translation>校准数据含二阶矩时，从 GPTQ 的结果开始。</translation>
    </message>
    <message>
        <source>AutoRound needs a format with evenly spaced levels per group, which %1 does not have.</source>
        <translation>AutoRound 需要每组量化级均匀分布的格式，%1 不是。</translation>
    </message>
    <message>
        <source>AutoRound learns codes alone, but %1 has more to it: choose %2 instead.</source>
        <translation>AutoRound 只学习编码，而 %1 还带有其他部分：请改选 %2。</translation>
    </message>
    <message>
        <source>AutoRound of %1 runs the model on the calibration text: calibrate on a text first (an importance file does not hold it).</source>
        <translation>%1 的 AutoRound 要在校准文本上运行模型：请先用文本校准（重要性文件不含文本）。</translation>
    </message>
    <message>
        <source>The calibration has tokens that the model does not know; it belongs to another model than %1.</source>
        <translation>校准数据含有模型不认识的 token；它与 %1 不属于同一个模型。</translation>
    </message>
    <message>
        <source>%1 holds NaN or infinity, from which no rounding can be learned.</source>
        <translation>%1 含有 NaN 或无穷大，无法学习舍入。</translation>
    </message>
    <message>
        <source>AutoRound took the output error of block %1 from %2 to %3 (relative).</source>
        <translation>AutoRound 将第 %1 块的输出误差从 %2 降到 %3（相对值）。</translation>
    </message>
    <message>
        <source>The weights changed after their rounding was learned: calibrate again.</source>
        <translation>学习舍入之后权重已改变：请重新校准。</translation>
    </message>
    <message>
        <source>Learning the rounding</source>
        <translation>正在学习舍入</translation>
    </message>
    <message>
        <source>Learning the rounding of block %1</source>
        <translation>正在学习第 %1 块的舍入</translation>
    </message>
    <message>
        <source>%1 does not give the processor&apos;s bytes in %2; the processor quantizes it.</source>
        <translation>%1 以 %2 编码得到的字节与处理器不一致；改由处理器量化。</translation>
    </message>
    <message>
        <source>The folder %1 holds no tokenizer.json, no tokenizer.model, and no vocab.json with merges.txt.</source>
        <translation>文件夹 %1 中没有 tokenizer.json、tokenizer.model，也没有 vocab.json 与 merges.txt。</translation>
    </message>
    <message>
        <source>%1 cannot be read as GGUF: %2 needs %3 bytes of data at offset %4, but the file ends before that; it is truncated (byte %5).</source>
        <translation>%1 无法作为 GGUF 读取：%2 需要偏移 %4 处的 %3 字节数据，但文件在此之前就结束了，已被截断（字节 %5）。</translation>
    </message>
    <message>
        <source>byte-level BPE</source>
        <translation>字节级 BPE</translation>
    </message>
    <message>
        <source>SentencePiece BPE</source>
        <translation>SentencePiece BPE</translation>
    </message>
    <message>
        <source>SentencePiece unigram</source>
        <translation>SentencePiece unigram</translation>
    </message>
    <message>
        <source>character BPE</source>
        <translation>字符级 BPE</translation>
    </message>
    <message>
        <source>word-level</source>
        <translation>词级</translation>
    </message>
    <message>
        <source>%1 does not exist.</source>
        <translation>%1 不存在。</translation>
    </message>
</context>
<context>
    <name>Devices</name>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message numerus="yes">
        <source>vectorized, %n threads</source>
        <translation>
            <numerusform>向量化，%n 线程</numerusform>
        </translation>
    </message>
    <message>
        <source>CPU reference</source>
        <translation>CPU 参考实现</translation>
    </message>
    <message>
        <source>scalar, one thread, for comparison</source>
        <translation>标量，单线程，用于对照</translation>
    </message>
    <message>
        <source>Chosen automatically: the first usable GPU.</source>
        <translation>自动选择：第一个可用的 GPU。</translation>
    </message>
    <message>
        <source>The GPU stopped working, so the CPU took over.</source>
        <translation>GPU 已停止工作，改由 CPU 接手。</translation>
    </message>
    <message>
        <source>The only Vulkan device is a software one, which is slower than using the CPU directly.</source>
        <translation>唯一的 Vulkan 设备是软件实现，比直接使用 CPU 更慢。</translation>
    </message>
    <message>
        <source>No Vulkan device of this machine has what the engine needs.</source>
        <translation>本机的 Vulkan 设备都不满足引擎的要求。</translation>
    </message>
    <message>
        <source>This machine has no Vulkan device.</source>
        <translation>本机没有 Vulkan 设备。</translation>
    </message>
    <message>
        <source>The device %1 is not there.</source>
        <translation>找不到设备 %1。</translation>
    </message>
    <message>
        <source>%1 stopped working, so the CPU took over.</source>
        <translation>%1 已停止工作，改由 CPU 接手。</translation>
    </message>
    <message>
        <source>%1 cannot be used: %2</source>
        <translation>%1 不可用：%2</translation>
    </message>
    <message>
        <source>Chosen by you.</source>
        <translation>由您选定。</translation>
    </message>
    <message>
        <source>Chosen automatically: measured %1 times as fast as %2.</source>
        <translation>自动选择：实测速度为 %2 的 %1 倍。</translation>
    </message>
</context>
<context>
    <name>DistributionMarkers</name>
    <message>
        <source>clip</source>
        <translation>截断</translation>
    </message>
</context>
<context>
    <name>Duration</name>
    <message>
        <source>%1 s</source>
        <translation>%1 秒</translation>
    </message>
    <message>
        <source>%1 min %2 s</source>
        <translation>%1 分 %2 秒</translation>
    </message>
    <message>
        <source>%1 h %2 min</source>
        <translation>%1 小时 %2 分</translation>
    </message>
</context>
<context>
    <name>ErrorKind</name>
    <message>
        <source>Cannot be done so</source>
        <translation>无法这样执行</translation>
    </message>
    <message>
        <source>Not found</source>
        <translation>未找到</translation>
    </message>
    <message>
        <source>The file is damaged</source>
        <translation>文件已损坏</translation>
    </message>
    <message>
        <source>Not supported</source>
        <translation>不支持</translation>
    </message>
    <message>
        <source>Reading or writing failed</source>
        <translation>读写失败</translation>
    </message>
    <message>
        <source>Out of memory</source>
        <translation>内存不足</translation>
    </message>
    <message>
        <source>The device stopped working</source>
        <translation>设备已停止工作</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>Internal error</source>
        <translation>内部错误</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1：%2</translation>
    </message>
</context>
<context>
    <name>EvaluationPanel</name>
    <message>
        <source>p512, half scored</source>
        <translation>p512，计后半</translation>
    </message>
    <message>
        <source>llama.cpp&apos;s: windows of 512 tokens, the second half of each scored</source>
        <translation>llama.cpp 的做法：512 个 token 的窗口，每个窗口只计后半部分</translation>
    </message>
    <message>
        <source>p2048</source>
        <translation>p2048</translation>
    </message>
    <message>
        <source>GPTQ&apos;s: consecutive windows of 2048 tokens</source>
        <translation>GPTQ 的做法：首尾相接的 2048 个 token 的窗口</translation>
    </message>
    <message>
        <source>p4096</source>
        <translation>p4096</translation>
    </message>
    <message>
        <source>Consecutive windows of 4096 tokens</source>
        <translation>首尾相接的 4096 个 token 的窗口</translation>
    </message>
    <message>
        <source>BOS windows</source>
        <translation>BOS 窗口</translation>
    </message>
    <message>
        <source>Each window begins with BOS; every token of the text is scored once</source>
        <translation>每个窗口以 BOS 开头；文本中每个 token 恰好计分一次</translation>
    </message>
    <message>
        <source>plain windows</source>
        <translation>普通窗口</translation>
    </message>
    <message>
        <source>Consecutive windows without BOS, the last one may be short</source>
        <translation>首尾相接、不加 BOS 的窗口，最后一个可能较短</translation>
    </message>
</context>
<context>
    <name>Filter</name>
    <message>
        <source>“%1” is not expected here.</source>
        <translation>此处不应出现“%1”。</translation>
    </message>
    <message>
        <source>The filter is nested too deeply.</source>
        <translation>筛选条件嵌套过深。</translation>
    </message>
    <message>
        <source>A closing parenthesis is missing.</source>
        <translation>缺少右括号。</translation>
    </message>
    <message>
        <source>A name or a comparison such as kurtosis&gt;20 is expected here.</source>
        <translation>此处应为名称，或 kurtosis&gt;20 这样的比较。</translation>
    </message>
    <message>
        <source>There is no column “%1”; try name, role, block, format, method, kurtosis, error, size.</source>
        <translation>没有名为“%1”的列；可用 name、role、block、format、method、kurtosis、error、size。</translation>
    </message>
    <message>
        <source>“%1” is no comparison; use = != &lt; &lt;= &gt; &gt;= or ~.</source>
        <translation>“%1”不是比较运算符；请用 = != &lt; &lt;= &gt; &gt;= 或 ~。</translation>
    </message>
    <message>
        <source>A value is missing after “%1%2”.</source>
        <translation>“%1%2”之后缺少数值。</translation>
    </message>
    <message>
        <source>“%1” is not a number, and %2 is one.</source>
        <translation>“%1”不是数字，而 %2 是数值列。</translation>
    </message>
    <message>
        <source>~ compares text; %1 is a number.</source>
        <translation>~ 用于比较文本，而 %1 是数值。</translation>
    </message>
    <message>
        <source>%1 is text; compare it with = != or ~.</source>
        <translation>%1 是文本；请用 = != 或 ~ 比较。</translation>
    </message>
</context>
<context>
    <name>Formats</name>
    <message>
        <source>INT%1</source>
        <translation>INT%1</translation>
    </message>
    <message>
        <source>K-means</source>
        <translation>K-means</translation>
    </message>
    <message>
        <source>FP%1</source>
        <translation>FP%1</translation>
    </message>
    <message>
        <source>Ternary and binary</source>
        <translation>三值与二值</translation>
    </message>
    <message>
        <source>Uneven levels</source>
        <translation>非均匀电平</translation>
    </message>
    <message>
        <source>%1   %2 bits</source>
        <translation>%1   %2 位</translation>
    </message>
</context>
<context>
    <name>JobsStrip</name>
    <message>
        <source>%1/s</source>
        <comment>a rate: bytes with their unit</comment>
        <translation>%1/秒</translation>
    </message>
    <message>
        <source>%1 %2/s</source>
        <comment>a rate: number and unit</comment>
        <translation>%1 %2/秒</translation>
    </message>
    <message>
        <source>stopping…</source>
        <translation>正在停止…</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>%1 left</source>
        <translation>剩余 %1</translation>
    </message>
</context>
<context>
    <name>Language</name>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
</context>
<context>
    <name>Leaving</name>
    <message>
        <source>Close Halftone</source>
        <translation>关闭 Halftone</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Close without saving</source>
        <translation>不保存并关闭</translation>
    </message>
    <message>
        <source>Close the checkpoint</source>
        <translation>关闭检查点</translation>
    </message>
    <message>
        <source>Open something else</source>
        <translation>打开其他检查点或会话</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Open without saving</source>
        <translation>不保存并打开</translation>
    </message>
    <message>
        <source>A file is being exported; its target stays as it was.</source>
        <translation>文件正在导出；若继续，目标文件保持原样。</translation>
    </message>
    <message>
        <source>Work is in progress; what it has found so far is lost.</source>
        <translation>有任务正在进行；若继续，已得到的结果将丢失。</translation>
    </message>
    <message>
        <source>The recipe has changes that no session file has.</source>
        <translation>配方的更改尚未保存到会话文件。</translation>
    </message>
    <message>
        <source>Runs or votes are new since the session was saved.</source>
        <translation>上次保存会话后，又有新的评测结果或投票。</translation>
    </message>
</context>
<context>
    <name>MatrixLayout</name>
    <message>
        <source>emb</source>
        <comment>short for: embedding</comment>
        <translation>嵌入</translation>
    </message>
    <message>
        <source>head</source>
        <comment>the output head, not one of attention</comment>
        <translation>输出</translation>
    </message>
    <message>
        <source>other</source>
        <comment>tensors that are neither</comment>
        <translation>其他</translation>
    </message>
</context>
<context>
    <name>Measure</name>
    <message>
        <source>bits</source>
        <translation>位宽</translation>
    </message>
    <message>
        <source>Bits per weight in the assigned format, scales included.</source>
        <translation>所分配格式的每权重位数，含缩放因子。</translation>
    </message>
    <message>
        <source>size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Size in the assigned format.</source>
        <translation>按所分配格式存储的大小。</translation>
    </message>
    <message>
        <source>stored size</source>
        <translation>存储大小</translation>
    </message>
    <message>
        <source>Size in the checkpoint.</source>
        <translation>在检查点中的大小。</translation>
    </message>
    <message>
        <source>parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>Number of weights.</source>
        <translation>权重个数。</translation>
    </message>
    <message>
        <source>rel. error</source>
        <translation>相对误差</translation>
    </message>
    <message>
        <source>Squared error of the quantized weights relative to the squared weights. About 0.006 for a good 4-bit format; a factor of 4 for each bit.</source>
        <translation>量化后权重的平方误差与权重平方和之比。好的 4 位格式约为 0.006；每增减一位相差约 4 倍。</translation>
    </message>
    <message>
        <source>SQNR</source>
        <translation>SQNR</translation>
    </message>
    <message>
        <source>Signal to quantization noise, in decibels. Each bit is worth about 6 dB; below 15 dB a tensor is usually heard in the output.</source>
        <translation>信号与量化噪声之比，单位分贝。每一位约值 6 dB；低于 15 dB 的张量通常会在输出中显现影响。</translation>
    </message>
    <message>
        <source>KLD alone</source>
        <translation>单独 KLD</translation>
    </message>
    <message>
        <source>Divergence from the original, in nats per token, when this tensor alone takes its format: what its bits are worth. Run &gt; Measure sensitivity finds it out.</source>
        <translation>仅将此张量换成所分配的格式时，与原模型之间的散度（每 token 的 nat 数）：它的位数值多少。由“运行 &gt; 测量敏感度”得出。</translation>
    </message>
    <message>
        <source>kurtosis</source>
        <translation>峰度</translation>
    </message>
    <message>
        <source>Fourth standardized moment: 3 for a Gaussian. Large values mean heavy tails: few weights are far from the rest, and a uniform 4-bit grid spends its levels on them.</source>
        <translation>四阶标准化矩：高斯分布为 3。数值大意味着重尾：少数权重远离其余，均匀的 4 位网格会把电平浪费在它们身上。</translation>
    </message>
    <message>
        <source>max/σ</source>
        <translation>最大值/σ</translation>
    </message>
    <message>
        <source>Largest magnitude in standard deviations. What a scale must reach to: the larger, the coarser the steps for everything else.</source>
        <translation>最大绝对值，以标准差计。缩放因子必须覆盖到它：越大，其余数值的步长就越粗。</translation>
    </message>
    <message>
        <source>min</source>
        <translation>最小值</translation>
    </message>
    <message>
        <source>Smallest weight.</source>
        <translation>最小的权重。</translation>
    </message>
    <message>
        <source>max</source>
        <translation>最大值</translation>
    </message>
    <message>
        <source>Largest weight.</source>
        <translation>最大的权重。</translation>
    </message>
    <message>
        <source>mean</source>
        <translation>均值</translation>
    </message>
    <message>
        <source>Mean of the weights. Far from zero, an asymmetric format pays off.</source>
        <translation>权重的均值。若明显偏离零，宜用非对称格式。</translation>
    </message>
    <message>
        <source>σ</source>
        <translation>σ</translation>
    </message>
    <message>
        <source>Standard deviation of the weights.</source>
        <translation>权重的标准差。</translation>
    </message>
    <message>
        <source>outliers</source>
        <translation>离群值</translation>
    </message>
    <message>
        <source>Weights more than 6 standard deviations from the mean. A Gaussian has none among a million.</source>
        <translation>偏离均值超过 6 个标准差的权重。高斯分布中一百万个里也不会有一个。</translation>
    </message>
    <message>
        <source>zeros</source>
        <translation>零值</translation>
    </message>
    <message>
        <source>Share of weights that are exactly zero.</source>
        <translation>恰好为零的权重比例。</translation>
    </message>
    <message>
        <source>non-finite</source>
        <translation>非有限值</translation>
    </message>
    <message>
        <source>NaN and infinite weights: the checkpoint is damaged there, and quantization refuses them.</source>
        <translation>NaN 与无穷大的权重：检查点在此处已损坏，无法量化。</translation>
    </message>
    <message>
        <source>block</source>
        <translation>层号</translation>
    </message>
    <message>
        <source>Transformer block.</source>
        <translation>Transformer 层。</translation>
    </message>
    <message>
        <source>act. max</source>
        <translation>激活最大值</translation>
    </message>
    <message>
        <source>Largest magnitude that enters the layer on the calibration text.</source>
        <translation>在校准文本上进入该层的最大绝对值。</translation>
    </message>
    <message>
        <source>act. max/σ</source>
        <translation>激活最大值/σ</translation>
    </message>
    <message>
        <source>Largest activation in standard deviations: massive channels show here.</source>
        <translation>最大激活，以标准差计：巨大的离群通道会在这里显现。</translation>
    </message>
    <message>
        <source>act. kurt.</source>
        <translation>激活峰度</translation>
    </message>
    <message>
        <source>Kurtosis of the activations that enter the layer.</source>
        <translation>进入该层的激活的峰度。</translation>
    </message>
</context>
<context>
    <name>Methods</name>
    <message>
        <source>%1 Works without a calibration run, better with one.</source>
        <translation>%1（无需校准即可使用，校准后效果更好。）</translation>
    </message>
    <message>
        <source>%1 Needs a calibration run.</source>
        <translation>%1（需要先校准。）</translation>
    </message>
</context>
<context>
    <name>PresetMenu</name>
    <message>
        <source>Load the recipe “%1”</source>
        <translation>载入配方“%1”</translation>
    </message>
    <message>
        <source>%1	%2 bits  %3</source>
        <translation>%1	%2 位  %3</translation>
    </message>
    <message>
        <source>Known mixtures, as llama-quantize makes them</source>
        <translation>常用混合方案（与 llama-quantize 相同）</translation>
    </message>
    <message>
        <source>Recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>%1, for the target %2</source>
        <translation>%1，用于 %2</translation>
    </message>
</context>
<context>
    <name>Report</name>
    <message>
        <source>%1 bits per weight</source>
        <translation>每权重 %1 位</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%2 中的 %1</translation>
    </message>
    <message>
        <source>runs in %1 at %2 tokens</source>
        <translation>上下文 %2 个 token 时需 %1 内存</translation>
    </message>
    <message>
        <source>perplexity %1</source>
        <translation>困惑度 %1</translation>
    </message>
    <message>
        <source>KL divergence %1 nats</source>
        <translation>KL 散度 %1 nat</translation>
    </message>
    <message>
        <source>Default: %1, %2.</source>
        <translation>默认：%1，%2。</translation>
    </message>
    <message>
        <source>Tensors that no rule speaks of stay as they are stored.</source>
        <translation>没有规则涉及的张量保持原样。</translation>
    </message>
    <message>
        <source>The recipe as text</source>
        <translation>配方文本</translation>
    </message>
    <message>
        <source>Nothing has been measured yet.</source>
        <translation>尚未测量。</translation>
    </message>
    <message>
        <source>block</source>
        <translation>层号</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1，%2</translation>
    </message>
    <message>
        <source>Halftone %1, %2</source>
        <translation>Halftone %1，%2</translation>
    </message>
    <message>
        <source>Recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>Measured</source>
        <translation>测量结果</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>各层</translation>
    </message>
    <message>
        <source>Words that the recipe hurts most</source>
        <translation>配方损害最重的词</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>%1 cannot be written: %2. Choose another place.</source>
        <translation>无法写入 %1：%2。请换一个位置。</translation>
    </message>
    <message>
        <source>●: runs of this recipe. Figures of different texts or protocols cannot be compared.</source>
        <translation>●：本配方的运行。不同文本或不同协议的数值不能相互比较。</translation>
    </message>
</context>
<context>
    <name>SelectionMenu</name>
    <message>
        <source>Every selected tensor stays as stored or is locked</source>
        <translation>所选张量都保持原样或已锁定</translation>
    </message>
    <message numerus="yes">
        <source>%1	%2 of %n tensors</source>
        <translation>
            <numerusform>%1	%2 / %n 个张量</numerusform>
        </translation>
    </message>
    <message>
        <source>Parameters…</source>
        <translation>参数…</translation>
    </message>
    <message>
        <source>The selected tensors have several methods.</source>
        <translation>所选张量使用了多种方法。</translation>
    </message>
    <message>
        <source>Sets the numbers that the method works with</source>
        <translation>设置该方法所用的数值</translation>
    </message>
    <message>
        <source>This method has no parameters.</source>
        <translation>该方法没有参数。</translation>
    </message>
    <message>
        <source>Groups of %1</source>
        <translation>分组大小 %1</translation>
    </message>
    <message>
        <source>Smaller groups follow the weights more closely and cost more scales.</source>
        <translation>分组越小，越贴合权重，但缩放因子的开销也越大。</translation>
    </message>
    <message>
        <source>None of the selected tensors has a format with groups of a chosen size.</source>
        <translation>所选张量的格式都不能自选分组大小。</translation>
    </message>
    <message>
        <source>As the rules say</source>
        <translation>按规则</translation>
    </message>
</context>
<context>
    <name>Shortcuts</name>
    <message>
        <source>Arrows, Shift+Arrows</source>
        <translation>方向键、Shift+方向键</translation>
    </message>
    <message>
        <source>Move and extend the selection in the matrix and the table</source>
        <translation>在矩阵和表格中移动、扩展选择</translation>
    </message>
    <message>
        <source>Drag in the matrix</source>
        <translation>在矩阵中拖动</translation>
    </message>
    <message>
        <source>Select a rectangle; Ctrl adds, Shift extends</source>
        <translation>框选；按住 Ctrl 追加，按住 Shift 扩展</translation>
    </message>
    <message>
        <source>Double-click a format or a method</source>
        <translation>双击格式或方法</translation>
    </message>
    <message>
        <source>Choose another for all selected tensors</source>
        <translation>为所有选中的张量另选</translation>
    </message>
    <message>
        <source>Zoom and move; double-click fits</source>
        <translation>缩放与平移；双击还原</translation>
    </message>
    <message>
        <source>Right-click a plot</source>
        <translation>右键单击图</translation>
    </message>
    <message>
        <source>Copy it as image or CSV, save it as PNG or SVG</source>
        <translation>复制为图像或 CSV，保存为 PNG 或 SVG</translation>
    </message>
    <message>
        <source>Shortcuts</source>
        <translation>快捷键</translation>
    </message>
    <message>
        <source>N, P in the groups</source>
        <translation>分组中按 N、P</translation>
    </message>
    <message>
        <source>Next and previous of the worst groups</source>
        <translation>下一个、上一个最差分组</translation>
    </message>
    <message>
        <source>Drag in the histogram</source>
        <translation>在直方图中拖动</translation>
    </message>
    <message>
        <source>Show which channels a range of values comes from</source>
        <translation>查看一段数值来自哪些通道</translation>
    </message>
    <message>
        <source>Wheel and drag in a plot (histogram: Shift+drag)</source>
        <translation>在图中滚动、拖动（直方图为 Shift+拖动）</translation>
    </message>
</context>
<context>
    <name>halftone::app::AllocateDialog</name>
    <message>
        <source>Allocate bits</source>
        <translation>分配位宽</translation>
    </message>
    <message>
        <source> bits per weight</source>
        <translation> 位/权重</translation>
    </message>
    <message>
        <source>Every tensor is tried alone on %1 to see what its bits are worth; then each gets the format that serves the whole best at this size.</source>
        <translation>在 %1 上逐个单独尝试各张量，看它的位数值多少；随后在此大小之内，为每个张量选出对整体最有利的格式。</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Choose from</source>
        <translation>可选格式</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Take this recipe</source>
        <translation>采用此配方</translation>
    </message>
    <message>
        <source>Measure</source>
        <translation>测量</translation>
    </message>
    <message>
        <source>Choose a format.</source>
        <translation>请选择格式。</translation>
    </message>
    <message>
        <source>Measuring: the strip below the window shows how far it is.</source>
        <translation>正在测量：进度见窗口底部的任务栏。</translation>
    </message>
    <message>
        <source>%1 in all.</source>
        <translation>共 %1。</translation>
    </message>
    <message>
        <source>%1, %2 bits per weight; KL divergence about %3 if the harms of tensors add up.</source>
        <translation>%1，每权重 %2 位；假定各张量的影响可以相加，KL 散度约为 %3。</translation>
    </message>
    <message>
        <source>Formats to choose from</source>
        <translation>可选格式</translation>
    </message>
    <message>
        <source>Greyed formats do not suit %1.</source>
        <translation>灰色的格式不适合 %1。</translation>
    </message>
    <message>
        <source>Taken: this is the recipe in work now. Another size can be tried.</source>
        <translation>已采用：它现在就是当前配方。还可以试试别的大小。</translation>
    </message>
</context>
<context>
    <name>halftone::app::AllocationService</name>
    <message>
        <source>Measuring what each tensor is worth</source>
        <translation>测量各张量的敏感度</translation>
    </message>
    <message>
        <source>Allocation</source>
        <translation>位宽分配</translation>
    </message>
    <message>
        <source>Allocate %1 bits per weight</source>
        <translation>按每权重 %1 位分配</translation>
    </message>
</context>
<context>
    <name>halftone::app::Autosave</name>
    <message>
        <source>Keeping the session</source>
        <translation>自动保存会话</translation>
    </message>
</context>
<context>
    <name>halftone::app::CalibrationPanel</name>
    <message>
        <source>Calibration text</source>
        <translation>校准文本</translation>
    </message>
    <message>
        <source>Texts (*.txt *.raw);;All files (*)</source>
        <translation>文本 (*.txt *.raw);;所有文件 (*)</translation>
    </message>
    <message>
        <source>windows of </source>
        <translation>窗口 </translation>
    </message>
    <message>
        <source> tokens</source>
        <translation> token</translation>
    </message>
    <message>
        <source>at most </source>
        <translation>最多 </translation>
    </message>
    <message>
        <source>Calibrate</source>
        <translation>校准</translation>
    </message>
    <message>
        <source>enters</source>
        <translation>输入到</translation>
    </message>
    <message>
        <source>channel</source>
        <translation>通道</translation>
    </message>
    <message>
        <source>max</source>
        <translation>最大值</translation>
    </message>
    <message>
        <source>max/σ</source>
        <translation>最大值/σ</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Running the text through the original model…</source>
        <translation>正在用原模型运行这段文本…</translation>
    </message>
    <message numerus="yes">
        <source>%1 tokens of %2. The channels with the largest activations:</source>
        <translation>
            <numerusform>%2 的 %1 个 token。激活最大的通道：</numerusform>
        </translation>
    </message>
    <message>
        <source>Runs the text through the original model and keeps what enters every linear layer: the activations&apos; distribution, and the importance of each channel, which block formats use to choose their codes.</source>
        <translation>用原模型运行文本，记录进入每个线性层的数据：激活的分布，以及各通道的重要性；分块格式据此选择编码。</translation>
    </message>
    <message>
        <source>Tokens per window</source>
        <translation>每个窗口的 token 数</translation>
    </message>
    <message>
        <source>Tokens at most</source>
        <translation>token 数上限</translation>
    </message>
    <message>
        <source>Channels with the largest activations</source>
        <translation>激活最大的通道</translation>
    </message>
</context>
<context>
    <name>halftone::app::CalibrationService</name>
    <message>
        <source>Calibrating on %1</source>
        <translation>校准：%1</translation>
    </message>
    <message>
        <source>Calibration</source>
        <translation>校准</translation>
    </message>
    <message>
        <source>The second moments that GPTQ and AWQ need would take more than %1 of memory and were left out.</source>
        <translation>GPTQ 与 AWQ 所需的二阶矩将占用超过 %1 的内存，因此未予保留。</translation>
    </message>
</context>
<context>
    <name>halftone::app::Callout</name>
    <message>
        <source>Tour</source>
        <translation>导览</translation>
    </message>
    <message>
        <source>End the tour</source>
        <translation>结束导览</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>上一步</translation>
    </message>
</context>
<context>
    <name>halftone::app::CandidateModel</name>
    <message>
        <source>%1 dB</source>
        <translation>%1 dB</translation>
    </message>
    <message>
        <source>exact</source>
        <translation>无损</translation>
    </message>
    <message>
        <source>format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>bits</source>
        <translation>位宽</translation>
    </message>
    <message>
        <source>size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>rel. error</source>
        <translation>相对误差</translation>
    </message>
    <message>
        <source>SQNR</source>
        <translation>SQNR</translation>
    </message>
</context>
<context>
    <name>halftone::app::CandidatePanel</name>
    <message>
        <source>bits per weight</source>
        <translation>每权重位数</translation>
    </message>
    <message>
        <source>relative error</source>
        <translation>相对误差</translation>
    </message>
    <message>
        <source>What every format would do to the selected tensor</source>
        <translation>各种格式用于所选张量的效果</translation>
    </message>
    <message>
        <source>Norms and biases stay F32: their bytes are few and their errors costly.</source>
        <translation>归一化层与偏置保持 F32：体积很小，出错代价却很高。</translation>
    </message>
    <message>
        <source>Select a weight matrix to see what every format would do to it.</source>
        <translation>选择一个权重矩阵，查看各种格式对它的影响。</translation>
    </message>
    <message>
        <source>Trying every format…</source>
        <translation>正在尝试所有格式…</translation>
    </message>
    <message>
        <source>Trying every format</source>
        <translation>尝试所有格式</translation>
    </message>
    <message>
        <source>%1 · rounded to nearest · tried on %2 of %3 rows, evenly spread</source>
        <translation>%1 · 就近舍入 · 在均匀抽取的 %2 / %3 行上尝试</translation>
    </message>
    <message>
        <source>%1 · rounded to nearest</source>
        <translation>%1 · 就近舍入</translation>
    </message>
    <message>
        <source>%1 · %2 bits · error %3 · SQNR %4 dB · click to take it</source>
        <translation>%1 · %2 位 · 误差 %3 · SQNR %4 dB · 单击采用</translation>
    </message>
</context>
<context>
    <name>halftone::app::ChannelMap</name>
    <message>
        <source>Channels of the residual stream by layer</source>
        <translation>残差流各通道逐层分布</translation>
    </message>
    <message>
        <source>Left and right move, Shift extends, Period goes to the next massive channel</source>
        <translation>左右键移动，Shift 扩展选择，句点键到下一个巨大通道</translation>
    </message>
    <message>
        <source>emb</source>
        <translation>嵌入</translation>
    </message>
    <message>
        <source>head</source>
        <translation>输出头</translation>
    </message>
    <message>
        <source>block %1, %2</source>
        <translation>第 %1 层，%2</translation>
    </message>
    <message>
        <source>channel %1 · %2 · max %3 · %4 × the median channel</source>
        <translation>通道 %1 · %2 · 最大 %3 · 为中位通道的 %4 倍</translation>
    </message>
</context>
<context>
    <name>halftone::app::ChannelMapPanel</name>
    <message>
        <source>Named is a channel whose maximum is at least %1 times that of the median channel of a layer; in brackets the largest such ratio. Few of them carry most of the range that a format has to cover.</source>
        <translation>若通道的最大值至少是某层中位通道的 %1 倍，便列出其编号，括号内是最大倍数。少数这样的通道占去了格式所须覆盖的大部分范围。</translation>
    </message>
    <message>
        <source>Layers that are shown</source>
        <translation>显示哪些位置</translation>
    </message>
    <message>
        <source>all layers</source>
        <translation>所有位置</translation>
    </message>
    <message>
        <source>weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>The largest weight that each channel meets in a layer</source>
        <translation>每个通道在一层中遇到的最大权重</translation>
    </message>
    <message>
        <source>activations</source>
        <translation>激活</translation>
    </message>
    <message>
        <source>The largest value of each channel that enters a layer on the calibration text</source>
        <translation>校准文本上每个通道进入一层的最大值</translation>
    </message>
    <message>
        <source>sorted</source>
        <translation>排序</translation>
    </message>
    <message>
        <source>The largest maximum over all layers first</source>
        <translation>所有层中最大值大者在前</translation>
    </message>
    <message>
        <source>Open a checkpoint to see the channels of its residual stream.</source>
        <translation>打开检查点即可查看其残差流的通道。</translation>
    </message>
    <message>
        <source>The calibration text is being run…</source>
        <translation>正在运行校准文本…</translation>
    </message>
    <message>
        <source>The activations of the channels are known after a calibration run.</source>
        <translation>校准之后才知道各通道的激活。</translation>
    </message>
    <message>
        <source>Calibrate</source>
        <translation>校准</translation>
    </message>
    <message>
        <source>Waiting for the statistics of the weights…</source>
        <translation>正在等待权重的统计…</translation>
    </message>
    <message>
        <source>No activations are measured at this place.</source>
        <translation>此处没有测量激活。</translation>
    </message>
    <message>
        <source>No tensor of this checkpoint is known to meet a residual stream.</source>
        <translation>此检查点中没有已知与残差流相接的张量。</translation>
    </message>
    <message>
        <source>Gathering the channels…</source>
        <translation>正在汇集通道…</translation>
    </message>
    <message>
        <source>Channels</source>
        <translation>通道</translation>
    </message>
    <message>
        <source>no massive channels</source>
        <translation>没有巨大通道</translation>
    </message>
    <message>
        <source>massive: %1</source>
        <translation>巨大：%1</translation>
    </message>
    <message numerus="yes">
        <source>%n more</source>
        <translation>
            <numerusform>另有 %n 个</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n selected</source>
        <translation>
            <numerusform>已选 %n 个</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::ChannelPanel</name>
    <message>
        <source>inputs</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>One input channel is one column of the matrix</source>
        <translation>一个输入通道对应矩阵的一列</translation>
    </message>
    <message>
        <source>outputs</source>
        <translation>输出</translation>
    </message>
    <message>
        <source>One output channel is one row of the matrix</source>
        <translation>一个输出通道对应矩阵的一行</translation>
    </message>
    <message>
        <source>activations</source>
        <translation>激活</translation>
    </message>
    <message>
        <source>What enters each input channel on the calibration text</source>
        <translation>在校准文本上进入各输入通道的数值</translation>
    </message>
    <message>
        <source>sorted</source>
        <translation>排序</translation>
    </message>
    <message>
        <source>Largest first instead of by index</source>
        <translation>从大到小排列，而不是按序号</translation>
    </message>
    <message>
        <source>This tensor has no channels of this kind.</source>
        <translation>此张量没有这类通道。</translation>
    </message>
    <message>
        <source>worst: %1</source>
        <translation>最突出：%1</translation>
    </message>
    <message>
        <source>Select a tensor to see the largest magnitude of each of its channels.</source>
        <translation>选择一个张量，查看其各通道的最大绝对值。</translation>
    </message>
    <message>
        <source>input channel</source>
        <translation>输入通道</translation>
    </message>
    <message>
        <source>No linear layer multiplies by this tensor, so it has no activations.</source>
        <translation>没有线性层与此张量相乘，因此没有激活。</translation>
    </message>
    <message>
        <source>Activations are known after a calibration run: see the Calibration panel.</source>
        <translation>校准之后才有激活数据：请看“校准”面板。</translation>
    </message>
    <message>
        <source>Waiting for the statistics of this tensor…</source>
        <translation>正在等待此张量的统计…</translation>
    </message>
    <message>
        <source>output channel</source>
        <translation>输出通道</translation>
    </message>
</context>
<context>
    <name>halftone::app::ChannelPlot</name>
    <message>
        <source>|x| max</source>
        <translation>|x| 最大值</translation>
    </message>
    <message>
        <source>channel %1 · max %2</source>
        <translation>通道 %1 · 最大值 %2</translation>
    </message>
    <message>
        <source>Largest magnitude of each channel</source>
        <translation>各通道的最大绝对值</translation>
    </message>
</context>
<context>
    <name>halftone::app::ColorBar</name>
    <message>
        <source>Logarithmic colour scale</source>
        <translation>对数色标</translation>
    </message>
    <message>
        <source>Linear colour scale</source>
        <translation>线性色标</translation>
    </message>
    <message>
        <source>no values yet</source>
        <translation>尚无数据</translation>
    </message>
    <message>
        <source>from %1 to %2</source>
        <translation>从 %1 到 %2</translation>
    </message>
    <message>
        <source>Drag the ends to spread the colours over fewer values; a double click fits them to all again.</source>
        <translation>拖动两端，可让颜色只分布于部分数值；双击恢复为适应全部数值。</translation>
    </message>
</context>
<context>
    <name>halftone::app::CommandPalette</name>
    <message>
        <source>Nothing here has these letters in its name.</source>
        <translation>没有名称含这些字母的条目。</translation>
    </message>
</context>
<context>
    <name>halftone::app::ComparePanel</name>
    <message>
        <source>A</source>
        <translation>A</translation>
    </message>
    <message>
        <source>B</source>
        <translation>B</translation>
    </message>
    <message>
        <source>◷ %1 (of an earlier recipe)</source>
        <translation>◷ %1（来自之前的配方）</translation>
    </message>
    <message>
        <source>recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>one text, read by the original and %1</source>
        <translation>同一段文本，由原模型与“%1”分别读取</translation>
    </message>
    <message>
        <source>original</source>
        <translation>原模型</translation>
    </message>
    <message>
        <source>%1 · your vote</source>
        <translation>%1 · 您的选择</translation>
    </message>
    <message>
        <source>The recipe changes nothing yet, so both columns will be the same.</source>
        <translation>配方尚未改动任何内容，两栏将完全相同。</translation>
    </message>
    <message>
        <source>Which is better?</source>
        <translation>哪一个更好？</translation>
    </message>
    <message>
        <source>Reading along blind…</source>
        <translation>盲测生成中…</translation>
    </message>
    <message numerus="yes">
        <source>%1 of %n words: another one is likeliest</source>
        <translation>
            <numerusform>%n 个词中有 %1 个的首选发生变化</numerusform>
        </translation>
    </message>
    <message>
        <source>The texts part at token %1.</source>
        <translation>两段文本自第 %1 个 token 起分岔。</translation>
    </message>
    <message>
        <source>No difference so far.</source>
        <translation>目前没有差别。</translation>
    </message>
    <message>
        <source>Both texts are the same.</source>
        <translation>两段文本相同。</translation>
    </message>
    <message>
        <source>Figures come after the vote.</source>
        <translation>投票后显示数据。</translation>
    </message>
    <message>
        <source>Point at a word of the texts to see what both models expected there.</source>
        <translation>指向文本中的词，查看两个模型在该处的预测。</translation>
    </message>
    <message>
        <source>Point at a word to see what both models expected there; click to keep it.</source>
        <translation>指向一个词，查看两个模型在该处的预测；单击可固定。</translation>
    </message>
    <message>
        <source>template not recognised</source>
        <translation>模板无法识别</translation>
    </message>
    <message>
        <source>The checkpoint&apos;s chat template is of no known kind; write its marker tokens into the prompt yourself.</source>
        <translation>检查点的对话模板不属于已知类型；请自行在提示词中写入标记 token。</translation>
    </message>
    <message>
        <source>chat template</source>
        <translation>对话模板</translation>
    </message>
    <message>
        <source>Writes the prompt as the message of a user, the way this model was taught (%1)</source>
        <translation>按此模型训练时的方式（%1），把提示词写成一条用户消息</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Read</source>
        <translation>读取</translation>
    </message>
    <message>
        <source>Generate</source>
        <translation>生成</translation>
    </message>
    <message>
        <source>What the models do</source>
        <translation>模型的运行方式</translation>
    </message>
    <message>
        <source>free-running</source>
        <translation>自由生成</translation>
    </message>
    <message>
        <source>forced: original&apos;s words</source>
        <translation>强制：原模型的词</translation>
    </message>
    <message>
        <source>forced: own text</source>
        <translation>强制：自定文本</translation>
    </message>
    <message>
        <source>Each model continues the prompt by itself, with the same seed</source>
        <translation>两个模型用相同的随机种子各自续写提示词</translation>
    </message>
    <message>
        <source>The original continues the prompt; the recipe reads the same words (teacher forcing)</source>
        <translation>由原模型续写提示词；配方模型读取相同的词 (teacher forcing)</translation>
    </message>
    <message>
        <source>Both read the text that you give after the prompt (teacher forcing)</source>
        <translation>两个模型都读取您在提示词之后给出的文本 (teacher forcing)</translation>
    </message>
    <message>
        <source>Text that both models read</source>
        <translation>两个模型共同读取的文本</translation>
    </message>
    <message>
        <source>Text that both models read after the prompt</source>
        <translation>提示词之后两个模型共同读取的文本</translation>
    </message>
    <message>
        <source>blind</source>
        <translation>盲测</translation>
    </message>
    <message>
        <source>Shuffles the sides and hides whose text is whose until you have voted</source>
        <translation>打乱左右位置，投票之前不显示哪段文本出自哪个模型</translation>
    </message>
    <message>
        <source>What the colours say</source>
        <translation>颜色的含义</translation>
    </message>
    <message>
        <source>colour: KL divergence</source>
        <translation>着色：KL 散度</translation>
    </message>
    <message>
        <source>colour: change of probability</source>
        <translation>着色：概率变化</translation>
    </message>
    <message>
        <source>no colours</source>
        <translation>不着色</translation>
    </message>
    <message>
        <source>Previous word where the models disagree (Shift+F8)</source>
        <translation>上一个有分歧的词 (Shift+F8)</translation>
    </message>
    <message>
        <source>Next word where the models disagree (F8)</source>
        <translation>下一个有分歧的词 (F8)</translation>
    </message>
    <message>
        <source>BLEU %1, ROUGE-L %2.</source>
        <translation>BLEU %1，ROUGE-L %2。</translation>
    </message>
    <message>
        <source>Stop measuring</source>
        <translation>停止测量</translation>
    </message>
    <message>
        <source>Measure on all prompts</source>
        <translation>在所有提示词上测量</translation>
    </message>
    <message>
        <source>Both models continue every prompt of the list; BLEU and ROUGE-L of the recipe&apos;s texts against the original&apos;s go into the table of runs</source>
        <translation>两个模型续写列表中的每条提示词；配方文本相对原模型文本的 BLEU 与 ROUGE-L 记入运行表</translation>
    </message>
</context>
<context>
    <name>halftone::app::CompareService</name>
    <message>
        <source>Generating text</source>
        <translation>生成文本</translation>
    </message>
    <message>
        <source>Comparing predictions</source>
        <translation>比较预测</translation>
    </message>
    <message>
        <source>Comparison</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Generation</source>
        <translation>文本生成</translation>
    </message>
    <message>
        <source>The texts of this prompt were shown with their names, and without chance (temperature 0 or top-k 1) they come out the same again: a vote would not be blind. Take another prompt or a temperature above 0.</source>
        <translation>此提示词的文本已标明来源显示过，而没有随机性（温度为 0 或 top-k 为 1）时会再次得到相同的文本，投票便不再是盲测。请换一个提示词，或将温度设为大于 0。</translation>
    </message>
    <message>
        <source>Both texts are the same: there is nothing to vote on.</source>
        <translation>两段文本完全相同，无需投票。</translation>
    </message>
    <message>
        <source>A text of this prompt came out as one that was shown with its name, so a vote would not be blind. Another prompt or a higher temperature gives other texts.</source>
        <translation>此提示词生成的文本与已标明来源显示过的相同，投票便不再是盲测。换一个提示词或提高温度可得到其他文本。</translation>
    </message>
</context>
<context>
    <name>halftone::app::DamagePanel</name>
    <message>
        <source>What the colours say</source>
        <translation>颜色的含义</translation>
    </message>
    <message>
        <source>colour: KL divergence</source>
        <translation>着色：KL 散度</translation>
    </message>
    <message>
        <source>colour: change of probability</source>
        <translation>着色：概率变化</translation>
    </message>
    <message>
        <source>Previous page of the text</source>
        <translation>上一页</translation>
    </message>
    <message>
        <source>Next page of the text</source>
        <translation>下一页</translation>
    </message>
    <message>
        <source>Evaluation text</source>
        <translation>评测文本</translation>
    </message>
    <message>
        <source>Words that are hurt most</source>
        <translation>受损最重的词</translation>
    </message>
    <message>
        <source>Which layers?</source>
        <translation>哪些层？</translation>
    </message>
    <message>
        <source>Puts the recipe&apos;s layers one after the other into the original and measures this word</source>
        <translation>把配方的各层逐一换入原模型，测量这个词</translation>
    </message>
    <message>
        <source>Layers that matter for this word</source>
        <translation>影响这个词的层</translation>
    </message>
    <message>
        <source>Copy the list as CSV</source>
        <translation>将列表复制为 CSV</translation>
    </message>
    <message>
        <source>Run a recipe on the evaluation text: every word of it is then coloured by what the recipe does to it.</source>
        <translation>在评测文本上运行配方：每个词都会按配方对它的影响着色。</translation>
    </message>
    <message>
        <source>The lists of both models need the recipe that was measured; double-click its run in the table to take it back.</source>
        <translation>要显示两个模型的候选列表，需要当时测量的配方；在表格中双击该次运行即可恢复。</translation>
    </message>
    <message>
        <source>Click for what both models expected here.</source>
        <translation>单击查看两个模型在此处的预测。</translation>
    </message>
    <message>
        <source>Point at a word, or choose one of the worst.</source>
        <translation>指向一个词，或从受损最重的词中选一个。</translation>
    </message>
    <message>
        <source>◷ %1 (not the recipe in work)</source>
        <translation>◷ %1（不是当前配方）</translation>
    </message>
    <message numerus="yes">
        <source>%1 words scored</source>
        <translation>
            <numerusform>已计分 %1 个词</numerusform>
        </translation>
    </message>
    <message>
        <source>window %1 of %2</source>
        <translation>窗口 %1 / %2</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Run the recipe</source>
        <translation>评测配方</translation>
    </message>
</context>
<context>
    <name>halftone::app::DamageService</name>
    <message>
        <source>block %1</source>
        <translation>第 %1 层</translation>
    </message>
    <message>
        <source>Looking at a word</source>
        <translation>查看单个词</translation>
    </message>
    <message>
        <source>Trying layers on a word</source>
        <translation>逐层尝试对某词的影响</translation>
    </message>
</context>
<context>
    <name>halftone::app::DeviceButton</name>
    <message>
        <source>Models run on %1 (%2). %3</source>
        <translation>模型运行于 %1 (%2)。%3</translation>
    </message>
    <message>
        <source>Device: %1</source>
        <translation>设备：%1</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Look for devices again</source>
        <translation>重新查找设备</translation>
    </message>
    <message>
        <source>≤ %1</source>
        <translation>≤ %1</translation>
    </message>
    <message>
        <source>At most %1 of its memory are taken.</source>
        <translation>最多占用其 %1 内存。</translation>
    </message>
    <message>
        <source>streams</source>
        <translation>流式加载</translation>
    </message>
    <message>
        <source>In the last run %1 of weights did not fit and came from RAM block by block.</source>
        <translation>上次运行时有 %1 权重放不下，逐层从主存读入。</translation>
    </message>
</context>
<context>
    <name>halftone::app::DeviceService</name>
    <message>
        <source>Listing devices</source>
        <translation>列出设备</translation>
    </message>
    <message>
        <source>%1 stopped working; the CPU takes over. %2</source>
        <translation>%1 已停止工作，改由 CPU 接手。%2</translation>
    </message>
    <message>
        <source>Measuring devices</source>
        <translation>测量设备速度</translation>
    </message>
</context>
<context>
    <name>halftone::app::DistributionPanel</name>
    <message>
        <source>weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>The tensor&apos;s own numbers</source>
        <translation>张量自身的数值</translation>
    </message>
    <message>
        <source>activations</source>
        <translation>激活</translation>
    </message>
    <message>
        <source>What enters the layer on the calibration text</source>
        <translation>在校准文本上进入该层的数值</translation>
    </message>
    <message>
        <source>log y</source>
        <translation>y 轴对数</translation>
    </message>
    <message>
        <source>Counts on a logarithmic axis</source>
        <translation>计数使用对数轴</translation>
    </message>
    <message>
        <source>full range</source>
        <translation>全范围</translation>
    </message>
    <message>
        <source>Select a tensor in the table or the matrix to see the distribution of its weights.</source>
        <translation>在表格或矩阵中选择一个张量，查看其权重分布。</translation>
    </message>
    <message>
        <source>Activations are known after a calibration run: see the Calibration panel.</source>
        <translation>校准之后才有激活数据：请看“校准”面板。</translation>
    </message>
    <message>
        <source>Nothing is multiplied by this tensor in a linear layer, so it has no activations.</source>
        <translation>此张量不参与线性层的乘法，因此没有激活。</translation>
    </message>
    <message>
        <source>Reading the tensor…</source>
        <translation>正在读取张量…</translation>
    </message>
    <message>
        <source>Distribution</source>
        <translation>分布</translation>
    </message>
    <message>
        <source>original</source>
        <translation>原始</translation>
    </message>
    <message>
        <source>after %1</source>
        <translation>%1 量化后</translation>
    </message>
    <message>
        <source>σ %1</source>
        <translation>σ %1</translation>
    </message>
    <message>
        <source>kurtosis %1</source>
        <translation>峰度 %1</translation>
    </message>
    <message>
        <source>outside: %1</source>
        <translation>范围外：%1</translation>
    </message>
    <message>
        <source>%1 not finite</source>
        <translation>%1 个非有限值</translation>
    </message>
    <message>
        <source>error %1 · SQNR %2 dB</source>
        <translation>误差 %1 · SQNR %2 dB</translation>
    </message>
    <message numerus="yes">
        <source>worst group: row %1, columns %2–%3, error %4, %n levels</source>
        <translation>
            <numerusform>最差分组：第 %1 行，第 %2–%3 列，误差 %4，%n 个电平</numerusform>
        </translation>
    </message>
    <message>
        <source>Values of channels</source>
        <translation>通道的数值</translation>
    </message>
    <message numerus="yes">
        <source>%n selected channels</source>
        <translation>
            <numerusform>%n 个选中的通道</numerusform>
        </translation>
    </message>
    <message>
        <source>Channels of a range</source>
        <translation>一段数值所在的通道</translation>
    </message>
    <message>
        <source>%1 to %2</source>
        <translation>%1 至 %2</translation>
    </message>
    <message>
        <source>%1 of %2 outputs</source>
        <translation>%2 个输出通道中的 %1 个</translation>
    </message>
    <message>
        <source>%1 of %2 inputs</source>
        <translation>%2 个输入通道中的 %1 个</translation>
    </message>
    <message>
        <source>%1: %2 values, from %3: %4</source>
        <translation>%1：%2 个值，来自 %3：%4</translation>
    </message>
    <message>
        <source>log x</source>
        <translation>x 轴对数</translation>
    </message>
    <message>
        <source>Values on a symmetric logarithmic axis, which is linear around 0: centre and outliers of both signs at once</source>
        <translation>数值采用对称对数轴（0 附近为线性）：中心与正负离群值同时可见</translation>
    </message>
    <message>
        <source>From the smallest to the largest value, as on a logarithmic axis; otherwise the middle 99.98 %</source>
        <translation>从最小值到最大值（对数轴总是如此）；否则只显示中间的 99.98 %</translation>
    </message>
    <message>
        <source>clipped %1 (%2) at %3</source>
        <translation>截断 %1 个（%2），界限 %3</translation>
    </message>
    <message>
        <source>clipped %1 (%2) at %3 and %4</source>
        <translation>截断 %1 个（%2），界限 %3 和 %4</translation>
    </message>
    <message>
        <source>min %1 · max %2 · |x| up to %3 σ</source>
        <translation>最小 %1 · 最大 %2 · |x| 至多 %3 σ</translation>
    </message>
</context>
<context>
    <name>halftone::app::DistributionPlot</name>
    <message>
        <source>value %1</source>
        <translation>数值 %1</translation>
    </message>
    <message>
        <source>original %1</source>
        <translation>原始 %1</translation>
    </message>
    <message>
        <source>quantized %1</source>
        <translation>量化后 %1</translation>
    </message>
    <message>
        <source>below %1 · above %2</source>
        <translation>低于 %1 · 高于 %2</translation>
    </message>
    <message>
        <source>Distribution of the selected tensor</source>
        <translation>所选张量的分布</translation>
    </message>
    <message>
        <source>of the selected channels %1</source>
        <translation>来自选中的通道 %1</translation>
    </message>
    <message>
        <source>values %1 to %2</source>
        <translation>值 %1 到 %2</translation>
    </message>
</context>
<context>
    <name>halftone::app::DockArea</name>
    <message>
        <source>Inspect</source>
        <translation>检视</translation>
    </message>
    <message>
        <source>Tune</source>
        <translation>调优</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>对比</translation>
    </message>
</context>
<context>
    <name>halftone::app::EmptyPage</name>
    <message>
        <source>Recent</source>
        <translation>最近打开</translation>
    </message>
    <message>
        <source>Open the bundled sample</source>
        <translation>打开自带示例</translation>
    </message>
    <message>
        <source>Open a file…</source>
        <translation>打开文件…</translation>
    </message>
    <message>
        <source>Open a folder…</source>
        <translation>打开文件夹…</translation>
    </message>
    <message>
        <source>Opening…</source>
        <translation>正在打开…</translation>
    </message>
    <message>
        <source>Open a language model to see its weights, or drop a folder, a .gguf or a .safetensors file here.</source>
        <translation>打开一个语言模型查看其权重，或把文件夹、.gguf、.safetensors 文件拖到这里。</translation>
    </message>
</context>
<context>
    <name>halftone::app::EvaluationPanel</name>
    <message>
        <source>Evaluation text</source>
        <translation>评测文本</translation>
    </message>
    <message>
        <source>Texts (*.txt *.raw);;All files (*)</source>
        <translation>文本 (*.txt *.raw);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>协议</translation>
    </message>
    <message>
        <source>How the text is cut and which positions count. Figures of different protocols cannot be compared.</source>
        <translation>文本如何切分、哪些位置计分。不同协议的数据不可比较。</translation>
    </message>
    <message>
        <source>ctx </source>
        <translation>上下文 </translation>
    </message>
    <message>
        <source>Tokens per window</source>
        <translation>每个窗口的 token 数</translation>
    </message>
    <message>
        <source>all windows</source>
        <translation>全部窗口</translation>
    </message>
    <message>
        <source> windows</source>
        <translation> 个窗口</translation>
    </message>
    <message>
        <source>How many windows of the text to run; fewer are faster and less certain</source>
        <translation>运行文本的多少个窗口；越少越快，但误差也越大</translation>
    </message>
    <message>
        <source>Run original</source>
        <translation>评测原模型</translation>
    </message>
    <message>
        <source>Run recipe</source>
        <translation>评测配方</translation>
    </message>
    <message>
        <source>live</source>
        <translation>实时</translation>
    </message>
    <message>
        <source>Once a recipe has been run, every edit is measured on the same text, from the first layer that it changes</source>
        <translation>配方评测过一次之后，每次编辑都会在同一文本上从首个改动的层起重新测量</translation>
    </message>
    <message>
        <source>Measured runs</source>
        <translation>已测量的运行</translation>
    </message>
    <message>
        <source>Take this recipe back</source>
        <translation>恢复此配方</translation>
    </message>
    <message>
        <source>Copy all runs as CSV</source>
        <translation>将所有运行复制为 CSV</translation>
    </message>
    <message>
        <source>Save all runs as CSV…</source>
        <translation>将所有运行保存为 CSV…</translation>
    </message>
    <message>
        <source>Save the runs</source>
        <translation>保存运行结果</translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation>表格 (*.csv)</translation>
    </message>
    <message>
        <source>%1 cannot be written: %2.</source>
        <translation>无法写入 %1：%2。</translation>
    </message>
    <message>
        <source>Preparing…</source>
        <translation>正在准备…</translation>
    </message>
    <message>
        <source>%1: window %2 of %3</source>
        <translation>%1：窗口 %2 / %3</translation>
    </message>
    <message>
        <source>recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>original</source>
        <translation>原模型</translation>
    </message>
    <message>
        <source>perplexity %1</source>
        <translation>困惑度 %1</translation>
    </message>
    <message>
        <source>KLD %1</source>
        <translation>KLD %1</translation>
    </message>
    <message>
        <source>in the end about %1</source>
        <translation>最终约 %1</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>The recipe changes nothing yet: choose a format first.</source>
        <translation>配方尚未改动任何内容：请先选择格式。</translation>
    </message>
    <message>
        <source>Measures the recipe against the original</source>
        <translation>以原模型为基准测量配方</translation>
    </message>
    <message>
        <source>Run the original and a recipe on the text: perplexity with its error, and how far the recipe&apos;s predictions diverge from the original&apos;s.</source>
        <translation>在文本上运行原模型与配方：得到困惑度及其误差，以及配方的预测偏离原模型多远。</translation>
    </message>
    <message>
        <source>Windows of the text</source>
        <translation>文本的窗口数</translation>
    </message>
    <message>
        <source>Compare it with the recipe in work…</source>
        <translation>与当前配方比较…</translation>
    </message>
    <message>
        <source>Double-click a run to take its recipe back.</source>
        <translation>双击一次运行即可取回其配方。</translation>
    </message>
</context>
<context>
    <name>halftone::app::EvaluationService</name>
    <message>
        <source>recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>%1 + %2 by hand</source>
        <translation>%1 + 手动 %2 处</translation>
    </message>
    <message>
        <source>Take back the recipe of a run</source>
        <translation>恢复某次运行的配方</translation>
    </message>
    <message>
        <source>the original</source>
        <translation>原模型</translation>
    </message>
    <message>
        <source>Evaluating %1</source>
        <translation>评测 %1</translation>
    </message>
    <message>
        <source>Evaluation</source>
        <translation>评测</translation>
    </message>
    <message>
        <source>original</source>
        <translation>原模型</translation>
    </message>
    <message numerus="yes">
        <source>BLEU %1, ROUGE-L %2 over %n prompts.</source>
        <translation>
            <numerusform>%n 条提示词：BLEU %1，ROUGE-L %2。</numerusform>
        </translation>
    </message>
    <message>
        <source>They stand in the table once the recipe is evaluated.</source>
        <translation>评估该配方之后，它们会出现在表中。</translation>
    </message>
</context>
<context>
    <name>halftone::app::ExportDialog</name>
    <message>
        <source>Export GGUF</source>
        <translation>导出 GGUF</translation>
    </message>
    <message>
        <source>Target file</source>
        <translation>目标文件</translation>
    </message>
    <message>
        <source>Planning…</source>
        <translation>正在规划…</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>浏览…</translation>
    </message>
    <message>
        <source>GGUF files (*.gguf)</source>
        <translation>GGUF 文件 (*.gguf)</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Say where the file goes.</source>
        <translation>请指定文件保存位置。</translation>
    </message>
    <message>
        <source>%1 is a folder; give the file a name.</source>
        <translation>%1 是文件夹；请给出文件名。</translation>
    </message>
    <message>
        <source>The folder %1 does not exist.</source>
        <translation>文件夹 %1 不存在。</translation>
    </message>
    <message>
        <source>The folder %1 cannot be written.</source>
        <translation>无法写入文件夹 %1。</translation>
    </message>
    <message numerus="yes">
        <source>Written in %1: %2, %n tensors; %3 read back from the file and found to decode to what was meant.</source>
        <translation>
            <numerusform>用时 %1 写完：%2，%n 个张量；其中 %3 个已从文件读回，解码结果与预期一致。</numerusform>
        </translation>
    </message>
    <message>
        <source>Cancelled; nothing was written.</source>
        <translation>已取消；没有写入任何内容。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Problems of the export</source>
        <translation>导出的问题</translation>
    </message>
    <message>
        <source>Progress of the export</source>
        <translation>导出进度</translation>
    </message>
    <message>
        <source>Tensors of the file</source>
        <translation>文件中的张量</translation>
    </message>
    <message numerus="yes">
        <source>%n tensors of %1, vocabulary and other metadata of %2: %3 in all</source>
        <translation>
            <numerusform>%n 个张量 %1，词表及其他元数据 %2，共 %3</numerusform>
        </translation>
    </message>
    <message>
        <source>This file exists (%1, %2); it is replaced once the new one is written and checked.</source>
        <translation>此文件已存在（%1，%2）；新文件写好并检查后将替换它。</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>替换</translation>
    </message>
</context>
<context>
    <name>halftone::app::ExportPlanModel</name>
    <message>
        <source>copied as it is</source>
        <translation>原样复制</translation>
    </message>
    <message>
        <source>carried exactly: GGUF has no type of its own for it</source>
        <translation>无损转存：GGUF 没有对应的类型</translation>
    </message>
    <message>
        <source>carried with a small rounding: GGUF has no type of its own for it</source>
        <translation>略有舍入地转存：GGUF 没有对应的类型</translation>
    </message>
    <message>
        <source>rows reordered for GGUF</source>
        <translation>已按 GGUF 重排行</translation>
    </message>
    <message>
        <source>made from the configuration</source>
        <translation>由模型配置生成</translation>
    </message>
    <message>
        <source>tensor</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>name in the file</source>
        <translation>文件中的名称</translation>
    </message>
    <message>
        <source>format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>stored as</source>
        <translation>存为</translation>
    </message>
    <message>
        <source>size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>%1; %2</source>
        <comment>two notes</comment>
        <translation>%1；%2</translation>
    </message>
</context>
<context>
    <name>halftone::app::ExportService</name>
    <message>
        <source>Planning the export</source>
        <translation>规划导出</translation>
    </message>
    <message>
        <source>Exporting %1</source>
        <translation>导出 %1</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message numerus="yes">
        <source>Exported %1, %2; %n tensors verified.</source>
        <translation>
            <numerusform>已导出 %1，%2；已验证 %n 个张量。</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::ExtrasDialog</name>
    <message>
        <source>Outliers kept as F16</source>
        <translation>离群值另存为 F16</translation>
    </message>
    <message>
        <source>Low-rank correction</source>
        <translation>低秩修正</translation>
    </message>
    <message>
        <source>of</source>
        <translation>/</translation>
    </message>
    <message>
        <source>Zeros and corrections of %1</source>
        <translation>%1 的置零与修正</translation>
    </message>
    <message>
        <source>Pattern of zeros</source>
        <translation>置零模式</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>of neighbours some stay</source>
        <translation>相邻元素中保留若干</translation>
    </message>
    <message>
        <source>a share of every row</source>
        <translation>每行的一定比例</translation>
    </message>
    <message>
        <source>Neighbours that are compared</source>
        <translation>参与比较的相邻元素数</translation>
    </message>
    <message>
        <source>Neighbours that stay</source>
        <translation>保留的相邻元素数</translation>
    </message>
    <message>
        <source>Share of zeros</source>
        <translation>置零比例</translation>
    </message>
    <message>
        <source>The largest elements of the matrix are kept beside the codes, with their columns</source>
        <translation>矩阵中最大的元素连同列号保存在编码之外</translation>
    </message>
    <message>
        <source>Share of the outliers</source>
        <translation>离群值比例</translation>
    </message>
    <message>
        <source>The product of two thin F16 matrices makes up for what rounding lost</source>
        <translation>用两个窄的 F16 矩阵之积弥补舍入的损失</translation>
    </message>
    <message>
        <source>Rank of the correction</source>
        <translation>修正的秩</translation>
    </message>
    <message>
        <source>Zeros cost a place in a mask instead of a code; which elements go is the method&apos;s choice (Wanda and SparseGPT know the inputs). Corrections are added to what the codes say.</source>
        <translation>零只占掩码中的一位，不占编码；去掉哪些元素由方法决定（Wanda 与 SparseGPT 会考虑输入）。修正量加在编码所表示的值上。</translation>
    </message>
    <message>
        <source>%1: %2 bits per weight, %3 for %4 × %5</source>
        <translation>%1：每权重 %2 位，%4 × %5 共 %3</translation>
    </message>
</context>
<context>
    <name>halftone::app::GroupPanel</name>
    <message>
        <source>This tensor stays %1, which stores every value by itself: there are no groups to look at.</source>
        <translation>此张量保持 %1，逐值存储：没有分组可看。</translation>
    </message>
    <message>
        <source>Give it %1</source>
        <translation>改用 %1</translation>
    </message>
    <message>
        <source>Select a weight matrix to look at its groups: scale, codes and error of each, the worst first.</source>
        <translation>选择一个权重矩阵，查看其各分组的缩放因子、编码与误差，最差的在前。</translation>
    </message>
    <message>
        <source>Norms and biases stay F32, which stores every value by itself: there are no groups.</source>
        <translation>归一化层与偏置保持 F32，逐值存储：没有分组。</translation>
    </message>
    <message>
        <source>%1 stores every value by itself: there are no groups to look at.</source>
        <translation>%1 逐值存储：没有分组可看。</translation>
    </message>
    <message>
        <source>The method of this tensor is being made ready: its groups follow.</source>
        <translation>正在准备此张量的方法：分组稍后显示。</translation>
    </message>
    <message>
        <source>Reading the tensor…</source>
        <translation>正在读取张量…</translation>
    </message>
    <message>
        <source>Groups of the tensor</source>
        <translation>张量的分组</translation>
    </message>
    <message>
        <source>Worst groups of %1</source>
        <translation>%1 的最差分组</translation>
    </message>
    <message>
        <source>A row of the tensor</source>
        <translation>张量的一行</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Find the worst</source>
        <translation>查找最差分组</translation>
    </message>
    <message>
        <source>as stored: the original is not known</source>
        <translation>按存储值：原始值未知</translation>
    </message>
    <message>
        <source>comparing…</source>
        <translation>正在比较…</translation>
    </message>
    <message>
        <source>worst %1 of %2 groups</source>
        <translation>%2 个分组中最差的 %1 个</translation>
    </message>
    <message>
        <source>%1 of %2 rows compared</source>
        <translation>已比较 %1 / %2 行</translation>
    </message>
    <message>
        <source>row %1, columns %2–%3</source>
        <translation>第 %1 行，第 %2–%3 列</translation>
    </message>
    <message>
        <source>unit of scales %1</source>
        <translation>缩放因子的单位 %1</translation>
    </message>
    <message>
        <source>unit of minimums %1</source>
        <translation>最小值的单位 %1</translation>
    </message>
    <message>
        <source>%1 of %2 codes used</source>
        <translation>用到 %2 个编码中的 %1 个</translation>
    </message>
    <message>
        <source>rel. error %1</source>
        <translation>相对误差 %1</translation>
    </message>
    <message>
        <source>SQNR %1 dB</source>
        <translation>SQNR %1 dB</translation>
    </message>
    <message>
        <source>largest error %1</source>
        <translation>最大误差 %1</translation>
    </message>
    <message>
        <source>worst</source>
        <translation>最差</translation>
    </message>
    <message>
        <source>List the groups of the tensor that lose most</source>
        <translation>列出张量中损失最大的分组</translation>
    </message>
    <message>
        <source>row</source>
        <translation>行</translation>
    </message>
    <message>
        <source>List the groups of the row</source>
        <translation>列出该行的分组</translation>
    </message>
    <message>
        <source>Previous worst group (P)</source>
        <translation>上一个最差分组 (P)</translation>
    </message>
    <message>
        <source>Next worst group (N)</source>
        <translation>下一个最差分组 (N)</translation>
    </message>
    <message>
        <source>Compares every group of the tensor with its original</source>
        <translation>将张量的每个分组与原始值比较</translation>
    </message>
    <message>
        <source>What worst means</source>
        <translation>“最差”的含义</translation>
    </message>
    <message>
        <source>squared error</source>
        <translation>平方误差</translation>
    </message>
    <message>
        <source>relative error</source>
        <translation>相对误差</translation>
    </message>
    <message>
        <source>largest error</source>
        <translation>最大误差</translation>
    </message>
    <message>
        <source>What the list of the worst groups is sorted by</source>
        <translation>最差分组列表的排序依据</translation>
    </message>
    <message>
        <source>row </source>
        <translation>行 </translation>
    </message>
    <message>
        <source>Go to a row</source>
        <translation>转到某一行</translation>
    </message>
    <message>
        <source>group </source>
        <translation>分组 </translation>
    </message>
    <message>
        <source>Go to a group of the row</source>
        <translation>转到该行的某个分组</translation>
    </message>
    <message>
        <source>Groups that lose most</source>
        <translation>损失最大的分组</translation>
    </message>
    <message>
        <source>Groups of the row</source>
        <translation>该行的分组</translation>
    </message>
    <message>
        <source>Scales of the group</source>
        <translation>分组的缩放因子</translation>
    </message>
    <message>
        <source>Values of the group</source>
        <translation>分组的数值</translation>
    </message>
    <message>
        <source>the row is a selected channel</source>
        <translation>该行是选中的通道</translation>
    </message>
    <message numerus="yes">
        <source>%n columns are selected channels</source>
        <translation>
            <numerusform>%n 列是选中的通道</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::GroupPartModel</name>
    <message>
        <source>columns</source>
        <translation>列</translation>
    </message>
    <message>
        <source>stored</source>
        <translation>存储</translation>
    </message>
    <message>
        <source>scale</source>
        <translation>缩放因子</translation>
    </message>
    <message>
        <source>stored min</source>
        <translation>存储的最小值</translation>
    </message>
    <message>
        <source>zero/min</source>
        <translation>零点/最小值</translation>
    </message>
    <message>
        <source>rel. error</source>
        <translation>相对误差</translation>
    </message>
    <message>
        <source>The scale as it is stored: a factor of the block&apos;s scale, or the bits of an 8-bit float</source>
        <translation>存储的缩放因子：块缩放因子的倍数，或 8 位浮点的位模式</translation>
    </message>
    <message>
        <source>What codes are multiplied by</source>
        <translation>与编码相乘的值</translation>
    </message>
    <message>
        <source>The minimum as it is stored: a factor of the block&apos;s unit of minimums</source>
        <translation>存储的最小值：块内最小值单位的倍数</translation>
    </message>
    <message>
        <source>The code that means 0, or what is added after scaling</source>
        <translation>表示 0 的编码，或缩放之后加上的值</translation>
    </message>
</context>
<context>
    <name>halftone::app::GroupPlot</name>
    <message>
        <source>Values of the group against its levels</source>
        <translation>分组的数值与其电平</translation>
    </message>
    <message>
        <source>column</source>
        <translation>列</translation>
    </message>
    <message>
        <source>column %1</source>
        <translation>第 %1 列</translation>
    </message>
    <message>
        <source> · code %1</source>
        <translation> · 编码 %1</translation>
    </message>
    <message>
        <source> · original %1</source>
        <translation> · 原始 %1</translation>
    </message>
    <message>
        <source> · decoded %1</source>
        <translation> · 解码 %1</translation>
    </message>
</context>
<context>
    <name>halftone::app::GroupRankModel</name>
    <message>
        <source>row</source>
        <translation>行</translation>
    </message>
    <message>
        <source>group</source>
        <translation>分组</translation>
    </message>
    <message>
        <source>rel. error</source>
        <translation>相对误差</translation>
    </message>
    <message>
        <source>sq. error</source>
        <translation>平方误差</translation>
    </message>
    <message>
        <source>largest</source>
        <translation>最大</translation>
    </message>
    <message>
        <source>Squared error of the group relative to its squared weights</source>
        <translation>该组的平方误差与权重平方和之比</translation>
    </message>
    <message>
        <source>Squared error summed over the group: what adds up to the tensor&apos;s error</source>
        <translation>组内平方误差之和：累加即为张量的误差</translation>
    </message>
    <message>
        <source>Largest error of a single weight</source>
        <translation>单个权重的最大误差</translation>
    </message>
</context>
<context>
    <name>halftone::app::GroupValueModel</name>
    <message>
        <source>column</source>
        <translation>列</translation>
    </message>
    <message>
        <source>code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>original</source>
        <translation>原模型</translation>
    </message>
    <message>
        <source>decoded</source>
        <translation>解码</translation>
    </message>
    <message>
        <source>error</source>
        <translation>误差</translation>
    </message>
    <message>
        <source>The code as it is stored</source>
        <translation>存储的编码</translation>
    </message>
    <message>
        <source>Decoded less original; the largest is set in bold</source>
        <translation>解码值减原始值；最大者以粗体显示</translation>
    </message>
</context>
<context>
    <name>halftone::app::HeatStrip</name>
    <message>
        <source>The whole text, coloured by divergence</source>
        <translation>按散度着色的全文</translation>
    </message>
    <message>
        <source>The whole evaluation text from left to right; every line has the colour of the worst word in it</source>
        <translation>从左到右为整段评测文本；每条线取其中受损最重的词的颜色</translation>
    </message>
</context>
<context>
    <name>halftone::app::JobsStrip</name>
    <message>
        <source>No work in progress</source>
        <translation>没有进行中的任务</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1：%2</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>%1: cancelled after %2</source>
        <translation>%1：%2 后取消</translation>
    </message>
    <message>
        <source>%1: failed after %2</source>
        <translation>%1：%2 后失败</translation>
    </message>
    <message>
        <source>%1: done in %2</source>
        <translation>%1：已完成，用时 %2</translation>
    </message>
</context>
<context>
    <name>halftone::app::LayerDamageModel</name>
    <message>
        <source>Divergence at this word when only this part is as the recipe makes it and all others are the original&apos;s</source>
        <translation>仅此部分取自配方、其余均为原模型时，在这个词上的散度</translation>
    </message>
    <message>
        <source>part alone</source>
        <translation>单独换入</translation>
    </message>
    <message>
        <source>KLD</source>
        <translation>KLD</translation>
    </message>
</context>
<context>
    <name>halftone::app::LayerMatrix</name>
    <message>
        <source>Layer by role matrix</source>
        <translation>层 × 角色矩阵</translation>
    </message>
    <message numerus="yes">
        <source>%1 and %n more</source>
        <translation>
            <numerusform>%1 及另外 %n 个</numerusform>
        </translation>
    </message>
    <message>
        <source>%1
%2: %3</source>
        <translation>%1
%2：%3</translation>
    </message>
    <message>
        <source>The arrow keys move, Shift extends the selection</source>
        <translation>方向键移动，Shift 扩展选择</translation>
    </message>
</context>
<context>
    <name>halftone::app::MainWindow</name>
    <message>
        <source>Matrix</source>
        <translation>矩阵</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Tensors</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>Distribution</source>
        <translation>分布</translation>
    </message>
    <message>
        <source>Formats</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Channels</source>
        <translation>通道</translation>
    </message>
    <message>
        <source>Calibration</source>
        <translation>校准</translation>
    </message>
    <message>
        <source>Recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>Evaluation</source>
        <translation>评测</translation>
    </message>
    <message>
        <source>Size and divergence</source>
        <translation>大小与散度</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>对比</translation>
    </message>
    <message>
        <source>Text damage</source>
        <translation>文本损伤</translation>
    </message>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>The last message; click for all of them</source>
        <translation>最近一条消息；单击查看全部</translation>
    </message>
    <message>
        <source>The bundled sample is missing from this installation.</source>
        <translation>此安装中缺少自带示例。</translation>
    </message>
    <message>
        <source>Halftone</source>
        <translation>Halftone</translation>
    </message>
    <message>
        <source>%1 – Halftone</source>
        <translation>%1 – Halftone</translation>
    </message>
    <message>
        <source>%1 bits/weight</source>
        <translation>%1 位/权重</translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>PPL %1</source>
        <translation>PPL %1</translation>
    </message>
    <message>
        <source>KLD %1</source>
        <translation>KLD %1</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Open file…</source>
        <translation>打开文件(&amp;O)…</translation>
    </message>
    <message>
        <source>Open &amp;folder…</source>
        <translation>打开文件夹(&amp;F)…</translation>
    </message>
    <message>
        <source>Open the bundled sample</source>
        <translation>打开自带示例</translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation>最近打开(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Save session</source>
        <translation>保存会话(&amp;S)</translation>
    </message>
    <message>
        <source>Save session &amp;as…</source>
        <translation>会话另存为(&amp;A)…</translation>
    </message>
    <message>
        <source>&amp;Export GGUF…</source>
        <translation>导出 GGUF(&amp;E)…</translation>
    </message>
    <message>
        <source>&amp;Close checkpoint</source>
        <translation>关闭检查点(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Select all tensors</source>
        <translation>选择所有张量</translation>
    </message>
    <message>
        <source>Filter tensors</source>
        <translation>筛选张量</translation>
    </message>
    <message>
        <source>Find a tensor…</source>
        <translation>查找张量…</translation>
    </message>
    <message>
        <source>&amp;Recipe</source>
        <translation>配方(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Presets</source>
        <translation>预设(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Format of the selection</source>
        <translation>所选张量的格式(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Bits of the selection</source>
        <translation>所选张量的位宽(&amp;B)</translation>
    </message>
    <message>
        <source>%1 bits</source>
        <translation>%1 位</translation>
    </message>
    <message>
        <source>&amp;Group size of the selection…</source>
        <translation>所选张量的分组大小(&amp;G)…</translation>
    </message>
    <message>
        <source>&amp;Method of the selection…</source>
        <translation>所选张量的方法(&amp;M)…</translation>
    </message>
    <message>
        <source>L&amp;ock or unlock the selection</source>
        <translation>锁定或解锁所选张量(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Clear what was set by hand in the selection</source>
        <translation>清除所选张量的手动设置(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Allocate bits…</source>
        <translation>分配位宽(&amp;A)…</translation>
    </message>
    <message>
        <source>&amp;Load recipe…</source>
        <translation>载入配方(&amp;L)…</translation>
    </message>
    <message>
        <source>&amp;Save recipe…</source>
        <translation>保存配方(&amp;S)…</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Reset layout</source>
        <translation>重置布局(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Panels</source>
        <translation>面板(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Command palette…</source>
        <translation>命令面板(&amp;C)…</translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation>主题(&amp;T)</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation>语言 Language(&amp;L)</translation>
    </message>
    <message>
        <source>R&amp;un</source>
        <translation>运行(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Calibrate</source>
        <translation>校准(&amp;C)</translation>
    </message>
    <message>
        <source>Evaluate the &amp;original</source>
        <translation>评测原模型(&amp;O)</translation>
    </message>
    <message>
        <source>Evaluate the &amp;recipe</source>
        <translation>评测配方(&amp;R)</translation>
    </message>
    <message>
        <source>Measure &amp;sensitivity</source>
        <translation>测量敏感度(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Generate text</source>
        <translation>生成文本(&amp;G)</translation>
    </message>
    <message>
        <source>&amp;Next divergence</source>
        <translation>下一处分歧(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Previous divergence</source>
        <translation>上一处分歧(&amp;P)</translation>
    </message>
    <message>
        <source>Cancel &amp;all jobs</source>
        <translation>取消所有任务(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Shortcuts</source>
        <translation>快捷键(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;About Halftone</source>
        <translation>关于 Halftone(&amp;A)</translation>
    </message>
    <message>
        <source>Open a checkpoint</source>
        <translation>打开检查点</translation>
    </message>
    <message>
        <source>Checkpoints and sessions (*.gguf *.safetensors *.safetensors.index.json *.halftone);;All files (*)</source>
        <translation>检查点与会话 (*.gguf *.safetensors *.safetensors.index.json *.halftone);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Open a model&apos;s folder</source>
        <translation>打开模型文件夹</translation>
    </message>
    <message>
        <source>Save the session</source>
        <translation>保存会话</translation>
    </message>
    <message>
        <source>Halftone sessions (*.halftone)</source>
        <translation>Halftone 会话 (*.halftone)</translation>
    </message>
    <message>
        <source>Nothing was opened yet</source>
        <translation>尚未打开过文件</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Tensor</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>Groups</source>
        <translation>分组</translation>
    </message>
    <message>
        <source>Activation ranges</source>
        <translation>激活范围</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>%1 at %2 ctx</source>
        <translation>%1（上下文 %2）</translation>
    </message>
    <message>
        <source>Export &amp;report…</source>
        <translation>导出报告(&amp;R)…</translation>
    </message>
    <message>
        <source>Com&amp;pare recipes…</source>
        <translation>比较配方(&amp;P)…</translation>
    </message>
    <message>
        <source>Export the report</source>
        <translation>导出报告</translation>
    </message>
    <message>
        <source>Web pages (*.html)</source>
        <translation>网页 (*.html)</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报告</translation>
    </message>
    <message>
        <source>The report stands in %1.</source>
        <translation>报告已写入 %1。</translation>
    </message>
    <message>
        <source>Rota&amp;te the model…</source>
        <translation>旋转模型(&amp;T)…</translation>
    </message>
    <message>
        <source>&amp;Zeros and corrections of the selection…</source>
        <translation>所选张量的置零与修正(&amp;Z)…</translation>
    </message>
    <message>
        <source>P&amp;references…</source>
        <translation>首选项(&amp;R)…</translation>
    </message>
    <message>
        <source>Channel map</source>
        <translation>通道图</translation>
    </message>
    <message>
        <source>&amp;Take the tour</source>
        <translation>功能导览(&amp;T)</translation>
    </message>
    <message>
        <source>%1 has no fast format of %2 bits.</source>
        <translation>%1 没有 %2 位的快速格式。</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1（%2）</translation>
    </message>
</context>
<context>
    <name>halftone::app::MatrixPanel</name>
    <message>
        <source>Measure shown by colour</source>
        <translation>以颜色显示的度量</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Measure</source>
        <translation>测量</translation>
    </message>
    <message>
        <source>The recipe changes nothing yet: choose a format first.</source>
        <translation>配方尚未改动任何内容：请先选择格式。</translation>
    </message>
    <message>
        <source>Every tensor has been tried in its format. Another text or protocol is tried anew.</source>
        <translation>每个张量都已按其格式尝试过。更换文本或协议后会重新尝试。</translation>
    </message>
    <message numerus="yes">
        <source>Tries %n tensors alone, each in the format that the recipe gives it.</source>
        <translation>
            <numerusform>逐个单独尝试 %n 个张量，各取配方所定的格式。</numerusform>
        </translation>
    </message>
    <message>
        <source>Calibrate</source>
        <translation>校准</translation>
    </message>
    <message>
        <source>Runs a text through the original and keeps what enters every layer</source>
        <translation>用原模型运行一段文本，记录进入各层的数值</translation>
    </message>
</context>
<context>
    <name>halftone::app::MemoryBar</name>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>Memory: %1</source>
        <translation>内存：%1</translation>
    </message>
    <message>
        <source>weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>keys</source>
        <translation>键</translation>
    </message>
    <message>
        <source>values</source>
        <translation>值</translation>
    </message>
    <message>
        <source>scratch</source>
        <translation>临时</translation>
    </message>
    <message>
        <source>GPU</source>
        <translation>GPU</translation>
    </message>
</context>
<context>
    <name>halftone::app::MemoryPanel</name>
    <message>
        <source>Context length</source>
        <translation>上下文长度</translation>
    </message>
    <message>
        <source>Tokens that the cache has room for; the runtime takes them in steps of %1</source>
        <translation>缓存可容纳的 token 数；运行时以 %1 为单位分配</translation>
    </message>
    <message>
        <source> tokens</source>
        <translation> token</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation>批大小</translation>
    </message>
    <message>
        <source>Tokens of a prompt that are computed together: what the scratch memory grows with</source>
        <translation>一次共同计算的提示词 token 数：临时内存随之增长</translation>
    </message>
    <message>
        <source>Type of the cached keys, the more sensitive half</source>
        <translation>缓存键的类型，较为敏感的一半</translation>
    </message>
    <message>
        <source>Type of the cached values</source>
        <translation>缓存值的类型</translation>
    </message>
    <message>
        <source>Budget</source>
        <translation>预算</translation>
    </message>
    <message>
        <source>Memory that the model may take, to hold it against</source>
        <translation>允许模型占用的内存，用于对照</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>键</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>值</translation>
    </message>
    <message>
        <source>Open a checkpoint to see what running it takes in memory.</source>
        <translation>打开检查点，查看运行它需要多少内存。</translation>
    </message>
    <message>
        <source>Reading the model…</source>
        <translation>正在读取模型…</translation>
    </message>
    <message>
        <source>The model&apos;s context ends at %1 tokens; so many are counted.</source>
        <translation>模型的上下文上限为 %1 个 token，按此计算。</translation>
    </message>
    <message>
        <source>As llama.cpp runs the exported file with flash attention and all layers on one device. Scratch is an estimate.</source>
        <translation>以 llama.cpp 运行导出的文件计，使用 flash attention，所有层在同一设备上。临时内存为估计值。</translation>
    </message>
    <message>
        <source>&lt;b&gt;%1&lt;/b&gt; at %2 tokens</source>
        <translation>&lt;b&gt;%1&lt;/b&gt;，上下文 %2 个 token</translation>
    </message>
    <message>
        <source>The model&apos;s whole context would fit.</source>
        <translation>可容纳模型的完整上下文。</translation>
    </message>
    <message>
        <source>The context can grow to %1 tokens.</source>
        <translation>上下文可增至 %1 个 token。</translation>
    </message>
    <message>
        <source>fits, %1 left. %2</source>
        <translation>可容纳，剩余 %1。%2</translation>
    </message>
    <message>
        <source>weights of at most %1 bits</source>
        <translation>不超过 %1 位的权重</translation>
    </message>
    <message>
        <source>a context of at most %1 tokens</source>
        <translation>不超过 %1 个 token 的上下文</translation>
    </message>
    <message>
        <source>Cache and scratch alone take more: shorten the context.</source>
        <translation>仅缓存与临时内存就已超出：请缩短上下文。</translation>
    </message>
    <message>
        <source>It fits with %1.</source>
        <translation>可容纳的办法：%1。</translation>
    </message>
    <message>
        <source>, or </source>
        <translation>，或</translation>
    </message>
    <message>
        <source>%1 must go. %2</source>
        <translation>超出 %1。%2</translation>
    </message>
    <message>
        <source>Evaluations run the recipe with this cache: it is one choice.</source>
        <translation>评估也用这种缓存运行配方：两处是同一个选择。</translation>
    </message>
    <message>
        <source>Evaluations keep the cache in F32, of which a runtime stores F16. Another type here holds for both.</source>
        <translation>评估以 F32 保留缓存，运行时则存为 F16。在此选择其他类型对两者都生效。</translation>
    </message>
    <message>
        <source>&lt;b&gt;%1&lt;/b&gt; %2: %3</source>
        <translation>&lt;b&gt;%1&lt;/b&gt; %2：%3</translation>
    </message>
</context>
<context>
    <name>halftone::app::MemoryService</name>
    <message>
        <source>RAM</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Budget</source>
        <translation>预算</translation>
    </message>
</context>
<context>
    <name>halftone::app::MessageLog</name>
    <message>
        <source>%1: %2</source>
        <translation>%1：%2</translation>
    </message>
</context>
<context>
    <name>halftone::app::MessagePanel</name>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copies the selected messages with their details, or all of them</source>
        <translation>复制所选消息及其详情；未选择时复制全部</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>清除</translation>
    </message>
</context>
<context>
    <name>halftone::app::MethodCombo</name>
    <message>
        <source>Parameters…</source>
        <translation>参数…</translation>
    </message>
    <message>
        <source>Sets the numbers that the chosen method works with</source>
        <translation>设置所选方法使用的数值</translation>
    </message>
</context>
<context>
    <name>halftone::app::MethodDialog</name>
    <message>
        <source>Parameters of %1</source>
        <translation>%1 的参数</translation>
    </message>
    <message>
        <source>on</source>
        <translation>开</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关</translation>
    </message>
    <message>
        <source>standard: %1</source>
        <translation>默认：%1</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>重置</translation>
    </message>
    <message>
        <source>Every parameter to its standard value</source>
        <translation>将所有参数恢复为默认值</translation>
    </message>
    <message>
        <source>From: %1</source>
        <translation>出处：%1</translation>
    </message>
</context>
<context>
    <name>halftone::app::MissingCheckpointBar</name>
    <message>
        <source>The checkpoint of this session is no longer at %1. Where is it now?</source>
        <translation>此会话的检查点已不在 %1。它现在在哪里？</translation>
    </message>
    <message>
        <source>Choose a file…</source>
        <translation>选择文件…</translation>
    </message>
    <message>
        <source>Choose a folder…</source>
        <translation>选择文件夹…</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>halftone::app::ModelJobs</name>
    <message>
        <source>Freeing the model</source>
        <translation>释放模型</translation>
    </message>
    <message>
        <source>No checkpoint that can be run is open.</source>
        <translation>没有打开可运行的检查点。</translation>
    </message>
</context>
<context>
    <name>halftone::app::ModelPanel</name>
    <message>
        <source>Model card</source>
        <translation>模型概览</translation>
    </message>
    <message>
        <source>No checkpoint is open.</source>
        <translation>尚未打开检查点。</translation>
    </message>
    <message>
        <source>Hugging Face folder</source>
        <translation>Hugging Face 文件夹</translation>
    </message>
    <message>
        <source>GGUF</source>
        <translation>GGUF</translation>
    </message>
    <message>
        <source>tensors without a configuration</source>
        <translation>不带配置的张量</translation>
    </message>
    <message>
        <source>tokenizer only</source>
        <translation>仅分词器</translation>
    </message>
    <message>
        <source>kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>path</source>
        <translation>路径</translation>
    </message>
    <message>
        <source>files</source>
        <translation>文件数</translation>
    </message>
    <message>
        <source>architecture</source>
        <translation>架构</translation>
    </message>
    <message>
        <source>parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>tensors</source>
        <translation>张量数</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>blocks</source>
        <translation>层数</translation>
    </message>
    <message>
        <source>hidden size</source>
        <translation>隐藏层宽度</translation>
    </message>
    <message>
        <source>feed-forward size</source>
        <translation>前馈层宽度</translation>
    </message>
    <message>
        <source>heads</source>
        <translation>注意力头</translation>
    </message>
    <message>
        <source>%1 of %2 values, %3 for keys and values</source>
        <translation>%1 个，每个 %2 维；键值头 %3 个</translation>
    </message>
    <message>
        <source>context</source>
        <translation>上下文长度</translation>
    </message>
    <message numerus="yes">
        <source>%1 tokens</source>
        <translation>
            <numerusform>%1 个 token</numerusform>
        </translation>
    </message>
    <message>
        <source>embeddings</source>
        <translation>嵌入</translation>
    </message>
    <message>
        <source>tied with the head</source>
        <translation>与输出头共享</translation>
    </message>
    <message>
        <source>apart from the head</source>
        <translation>与输出头分开</translation>
    </message>
    <message>
        <source>tokenizer</source>
        <translation>分词器</translation>
    </message>
    <message>
        <source>Bytes by role</source>
        <translation>各角色的字节数</translation>
    </message>
    <message>
        <source>Warnings</source>
        <translation>警告</translation>
    </message>
    <message numerus="yes">
        <source>%1, %2 tokens</source>
        <translation>
            <numerusform>%1，%2 个 token</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::OverlapService</name>
    <message>
        <source>Overlap of texts</source>
        <translation>文本重合度</translation>
    </message>
</context>
<context>
    <name>halftone::app::PathEdit</name>
    <message>
        <source>Choose a file: %1</source>
        <translation>选择文件：%1</translation>
    </message>
</context>
<context>
    <name>halftone::app::PlotBase</name>
    <message>
        <source>Copy as image</source>
        <translation>复制为图像</translation>
    </message>
    <message>
        <source>Copy as CSV</source>
        <translation>复制为 CSV</translation>
    </message>
    <message>
        <source>Save the plot</source>
        <translation>保存图</translation>
    </message>
    <message>
        <source>The context menu copies the picture or its figures</source>
        <translation>右键菜单可复制图像或其数据</translation>
    </message>
    <message>
        <source>Images and figures (*.png *.svg *.csv)</source>
        <translation>图像与数据 (*.png *.svg *.csv)</translation>
    </message>
    <message>
        <source>Copy as SVG</source>
        <translation>复制为 SVG</translation>
    </message>
    <message>
        <source>Save as PNG, SVG or CSV…</source>
        <translation>保存为 PNG、SVG 或 CSV…</translation>
    </message>
    <message>
        <source>%1 cannot be written: %2.</source>
        <translation>无法写入 %1：%2。</translation>
    </message>
</context>
<context>
    <name>halftone::app::PreferencesDialog</name>
    <message>
        <source>Preferences</source>
        <translation>首选项</translation>
    </message>
    <message>
        <source>none: what is free</source>
        <translation>不限：用空闲的全部</translation>
    </message>
    <message numerus="yes">
        <source>all (%n)</source>
        <translation>
            <numerusform>全部（%n）</numerusform>
        </translation>
    </message>
    <message>
        <source>Computing</source>
        <translation>计算</translation>
    </message>
    <message>
        <source>Run models on</source>
        <translation>运行设备</translation>
    </message>
    <message>
        <source>Limit of its memory</source>
        <translation>显存上限</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程数</translation>
    </message>
    <message>
        <source>Of the processor. Jobs that run already keep theirs.</source>
        <translation>处理器的线程。已在运行的任务不受影响。</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>配色</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>In case of a crash</source>
        <translation>防备崩溃</translation>
    </message>
    <message>
        <source>Keep changes after</source>
        <translation>更改后多久保存</translation>
    </message>
    <message>
        <source>A copy of the session, offered at the next start if this one does not end in the normal way.</source>
        <translation>会话的副本；若本次未正常结束，下次启动时可恢复。</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>%1. %2</source>
        <translation>%1。%2</translation>
    </message>
    <message>
        <source>For Vulkan devices; this machine has none that can be used.</source>
        <translation>仅用于 Vulkan 设备；本机没有可用的。</translation>
    </message>
    <message>
        <source>Holds when %1 runs; the CPU takes what it needs.</source>
        <translation>在 %1 运行时生效；CPU 按需取用内存。</translation>
    </message>
    <message>
        <source>It has %1, so this limits nothing.</source>
        <translation>它共有 %1，因此这一上限不起作用。</translation>
    </message>
    <message>
        <source>Weights beyond it come from RAM block by block whenever the model runs: slower, with the same figures.</source>
        <translation>超出部分的权重在每次运行时逐层从主存读入：较慢，数值不变。</translation>
    </message>
    <message>
        <source>In the last run %1 of them did.</source>
        <translation>上次运行时有 %1 如此。</translation>
    </message>
</context>
<context>
    <name>halftone::app::ProblemModel</name>
    <message numerus="yes">
        <source>%1 (and %n more)</source>
        <translation>
            <numerusform>%1（另有 %n 个）</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::PromptList</name>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Prompt that both models continue</source>
        <translation>由两个模型续写的提示词</translation>
    </message>
    <message>
        <source>Prompts</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Add a prompt</source>
        <translation>添加提示词</translation>
    </message>
    <message>
        <source>Remove the prompt in work</source>
        <translation>移除当前提示词</translation>
    </message>
    <message>
        <source>(empty)</source>
        <translation>（空）</translation>
    </message>
</context>
<context>
    <name>halftone::app::QuantizationService</name>
    <message>
        <source>Error of the recipe&apos;s formats</source>
        <translation>配方各格式的误差</translation>
    </message>
    <message>
        <source>Error of the formats</source>
        <translation>格式误差</translation>
    </message>
</context>
<context>
    <name>halftone::app::RangePanel</name>
    <message>
        <source>Layer whose inputs are shown</source>
        <translation>显示其输入的层</translation>
    </message>
    <message>
        <source>values</source>
        <translation>值</translation>
    </message>
    <message>
        <source>How all values that enter the layer are spread</source>
        <translation>进入该层的所有数值的分布</translation>
    </message>
    <message>
        <source>channel maxima</source>
        <translation>通道最大值</translation>
    </message>
    <message>
        <source>How the largest magnitudes of the input channels are spread, before and after smoothing</source>
        <translation>各输入通道最大绝对值的分布，平滑前后对照</translation>
    </message>
    <message>
        <source>Open a checkpoint to see the ranges of its activations.</source>
        <translation>打开检查点，查看其激活的范围。</translation>
    </message>
    <message>
        <source>The calibration text is being run…</source>
        <translation>正在运行校准文本…</translation>
    </message>
    <message>
        <source>The ranges of the activations are known after a calibration run.</source>
        <translation>校准之后才有激活的范围。</translation>
    </message>
    <message>
        <source>Calibrate</source>
        <translation>校准</translation>
    </message>
    <message>
        <source>No layer of this model is a linear one with inputs.</source>
        <translation>此模型没有带输入的线性层。</translation>
    </message>
    <message>
        <source>|x| max of a channel</source>
        <translation>通道的 |x| 最大值</translation>
    </message>
    <message>
        <source>x</source>
        <translation>x</translation>
    </message>
    <message>
        <source>before</source>
        <translation>之前</translation>
    </message>
    <message>
        <source>after smoothing</source>
        <translation>平滑之后</translation>
    </message>
    <message numerus="yes">
        <source>%n selected channels</source>
        <translation>
            <numerusform>%n 个选中的通道</numerusform>
        </translation>
    </message>
    <message>
        <source>bands: 25–75 %, 1–99 %, 0.1–99.9 %, and the ends</source>
        <translation>色带：25–75 %、1–99 %、0.1–99.9 %，以及两端</translation>
    </message>
</context>
<context>
    <name>halftone::app::RangePlot</name>
    <message>
        <source>Ranges of the activations by block</source>
        <translation>各层激活的范围</translation>
    </message>
    <message>
        <source>block</source>
        <translation>层号</translation>
    </message>
    <message>
        <source> · after smoothing %1</source>
        <translation> · 平滑之后 %1</translation>
    </message>
    <message>
        <source> · channel %1: %2</source>
        <translation> · 通道 %1：%2</translation>
    </message>
    <message>
        <source>%1 to %2, 0.1–99.9 % %3 to %4, 1–99 % %5 to %6, 25–75 % %7 to %8, median %9</source>
        <translation>%1 到 %2，0.1–99.9 % 为 %3 到 %4，1–99 % 为 %5 到 %6，25–75 % 为 %7 到 %8，中位数 %9</translation>
    </message>
</context>
<context>
    <name>halftone::app::RecipeDiffDialog</name>
    <message>
        <source>Compare recipes</source>
        <translation>比较配方</translation>
    </message>
    <message>
        <source>From</source>
        <translation>从</translation>
    </message>
    <message>
        <source>To</source>
        <translation>到</translation>
    </message>
    <message>
        <source>Exchange the two</source>
        <translation>交换两者</translation>
    </message>
    <message>
        <source>File…</source>
        <translation>文件…</translation>
    </message>
    <message>
        <source>Compare with a recipe from a file</source>
        <translation>与文件中的配方比较</translation>
    </message>
    <message>
        <source>Tensors that are stored differently</source>
        <translation>存储方式不同的张量</translation>
    </message>
    <message>
        <source>Copy as CSV</source>
        <translation>复制为 CSV</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Recipe in work</source>
        <translation>当前配方</translation>
    </message>
    <message>
        <source>Original, as it is stored</source>
        <translation>原模型，按存储原样</translation>
    </message>
    <message>
        <source>%1 · %2 · run of %3</source>
        <translation>%1 · %2 · %3 的运行</translation>
    </message>
    <message>
        <source>recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>Compare with a recipe</source>
        <translation>与配方比较</translation>
    </message>
    <message>
        <source>Recipes (*.recipe);;All files (*)</source>
        <translation>配方 (*.recipe);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>%1 bits · %2</source>
        <translation>%1 位 · %2</translation>
    </message>
    <message>
        <source> · KLD %1</source>
        <translation> · KLD %1</translation>
    </message>
    <message>
        <source>Both store every tensor alike.</source>
        <translation>两者对每个张量的存储方式相同。</translation>
    </message>
    <message numerus="yes">
        <source>%n tensors are stored differently: %1.</source>
        <translation>
            <numerusform>%n 个张量的存储方式不同：%1。</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::RecipeDiffModel</name>
    <message>
        <source>name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>from</source>
        <translation>从</translation>
    </message>
    <message>
        <source>to</source>
        <translation>至</translation>
    </message>
    <message>
        <source>size from</source>
        <translation>原大小</translation>
    </message>
    <message>
        <source>size to</source>
        <translation>新大小</translation>
    </message>
    <message>
        <source>difference</source>
        <translation>差值</translation>
    </message>
    <message>
        <source>KLD alone from</source>
        <translation>原单独 KLD</translation>
    </message>
    <message>
        <source>KLD alone to</source>
        <translation>新单独 KLD</translation>
    </message>
    <message>
        <source>Divergence from the original when this tensor alone is stored so; known where Run &gt; Measure sensitivity has tried it</source>
        <translation>仅此张量按此方式存储时与原模型的散度；由“运行 &gt; 测量敏感度”尝试过之后得知</translation>
    </message>
</context>
<context>
    <name>halftone::app::RecipeEditor</name>
    <message>
        <source>Clear what was set by hand</source>
        <translation>清除手动设置</translation>
    </message>
    <message>
        <source>Default format: %1</source>
        <translation>默认格式：%1</translation>
    </message>
    <message>
        <source>Default format: keep as stored</source>
        <translation>默认格式：保持原样</translation>
    </message>
    <message>
        <source>Default method: %1</source>
        <translation>默认方法：%1</translation>
    </message>
    <message>
        <source>Add a rule</source>
        <translation>添加规则</translation>
    </message>
    <message>
        <source>Edit rule %1</source>
        <translation>编辑规则 %1</translation>
    </message>
    <message>
        <source>Remove rule %1</source>
        <translation>移除规则 %1</translation>
    </message>
    <message>
        <source>Move rule %1</source>
        <translation>移动规则 %1</translation>
    </message>
    <message>
        <source>This tensor is not quantized.</source>
        <translation>此张量不参与量化。</translation>
    </message>
    <message>
        <source>The tensor stays as stored: choose a format first.</source>
        <translation>此张量保持原样：请先选择格式。</translation>
    </message>
    <message>
        <source>Edit the recipe</source>
        <translation>编辑配方</translation>
    </message>
    <message numerus="yes">
        <source>Lock %n tensors</source>
        <translation>
            <numerusform>锁定 %n 个张量</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Unlock %n tensors</source>
        <translation>
            <numerusform>解锁 %n 个张量</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::RecipePanel</name>
    <message>
        <source>Presets</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Default format</source>
        <translation>默认格式</translation>
    </message>
    <message>
        <source>keep as stored</source>
        <translation>保持原样</translation>
    </message>
    <message>
        <source>What every weight matrix becomes that no rule and no hand speaks of</source>
        <translation>未被规则或手动设置覆盖的权重矩阵所用的格式</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>方法</translation>
    </message>
    <message>
        <source>How codes are chosen: a format says what can be stored, a method what is stored</source>
        <translation>编码如何选取：格式决定能存什么，方法决定存什么</translation>
    </message>
    <message>
        <source>use calibration</source>
        <translation>使用校准</translation>
    </message>
    <message>
        <source>Codes are chosen so that channels with large activations lose less. Needs a calibration run; GPTQ, AWQ, SmoothQuant, Wanda and SparseGPT cannot do without.</source>
        <translation>选取编码时让激活较大的通道损失更少。需要先校准；GPTQ、AWQ、SmoothQuant、Wanda 与 SparseGPT 必须使用。</translation>
    </message>
    <message>
        <source>Rules</source>
        <translation>规则</translation>
    </message>
    <message>
        <source>Add a rule</source>
        <translation>添加规则</translation>
    </message>
    <message>
        <source>Remove the rule</source>
        <translation>移除规则</translation>
    </message>
    <message>
        <source>Move the rule up</source>
        <translation>上移规则</translation>
    </message>
    <message>
        <source>Move the rule down: later rules win</source>
        <translation>下移规则：靠后的规则优先</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>清除</translation>
    </message>
    <message>
        <source>Takes back all formats and methods set by hand</source>
        <translation>撤回所有手动设置的格式与方法</translation>
    </message>
    <message>
        <source>Problems of the recipe</source>
        <translation>配方的问题</translation>
    </message>
    <message>
        <source>Default</source>
        <translation>默认</translation>
    </message>
    <message>
        <source>Recipe</source>
        <translation>配方</translation>
    </message>
    <message numerus="yes">
        <source>%n tensors set by hand</source>
        <translation>
            <numerusform>%n 个张量为手动设置</numerusform>
        </translation>
    </message>
    <message>
        <source>No tensor is set by hand: change formats in the table.</source>
        <translation>没有手动设置的张量：可在表格中更改格式。</translation>
    </message>
    <message>
        <source>as large as the original</source>
        <translation>与原模型一样大</translation>
    </message>
    <message>
        <source>%1 saved of %2</source>
        <translation>比 %2 节省 %1</translation>
    </message>
    <message>
        <source>%1 more than %2</source>
        <translation>比 %2 多 %1</translation>
    </message>
    <message>
        <source>%1 bits per weight</source>
        <translation>每权重 %1 位</translation>
    </message>
    <message>
        <source>Load a recipe</source>
        <translation>载入配方</translation>
    </message>
    <message>
        <source>Recipes (*.recipe);;All files (*)</source>
        <translation>配方 (*.recipe);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Save the recipe</source>
        <translation>保存配方</translation>
    </message>
    <message>
        <source>Recipes (*.recipe)</source>
        <translation>配方 (*.recipe)</translation>
    </message>
    <message>
        <source>runs in %1 at %2 tokens</source>
        <translation>上下文 %2 个 token 时需 %1 内存</translation>
    </message>
    <message>
        <source>Zeros and corrections of the default format</source>
        <translation>默认格式的置零与修正</translation>
    </message>
    <message>
        <source>Machine that the model is to run on</source>
        <translation>模型将在哪类机器上运行</translation>
    </message>
    <message>
        <source>any machine</source>
        <translation>任何机器</translation>
    </message>
    <message>
        <source>Every format can be chosen</source>
        <translation>可选任何格式</translation>
    </message>
    <message>
        <source>Runs on</source>
        <translation>运行于</translation>
    </message>
</context>
<context>
    <name>halftone::app::RecoveryBar</name>
    <message>
        <source>Halftone ended unexpectedly. The work on %1 was kept until %2.</source>
        <translation>Halftone 上次意外退出。对 %1 所做的工作已保留至 %2。</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>放弃</translation>
    </message>
</context>
<context>
    <name>halftone::app::RotateDialog</name>
    <message>
        <source>Rotated model</source>
        <translation>旋转后的模型</translation>
    </message>
    <message>
        <source>GGUF files (*.gguf)</source>
        <translation>GGUF 文件 (*.gguf)</translation>
    </message>
    <message>
        <source>Values of the attention heads too</source>
        <translation>同时旋转注意力头的 V</translation>
    </message>
    <message>
        <source>Rotate</source>
        <translation>旋转</translation>
    </message>
    <message>
        <source>Open the result</source>
        <translation>打开结果</translation>
    </message>
    <message>
        <source>Rotate the model</source>
        <translation>旋转模型</translation>
    </message>
    <message>
        <source>Target file</source>
        <translation>目标文件</translation>
    </message>
    <message>
        <source>Type of the matrices</source>
        <translation>矩阵的类型</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>Another seed gives another rotation</source>
        <translation>种子不同，旋转也不同</translation>
    </message>
    <message>
        <source>Progress of the rotation</source>
        <translation>旋转进度</translation>
    </message>
    <message>
        <source>Writes the same model with its residual stream turned by a Hadamard matrix: outputs stay, outliers are spread over all channels. Models with outliers quantize better so; others may do worse. The result is an ordinary checkpoint to compare with this one.</source>
        <translation>写出同一模型，其残差流经 Hadamard 矩阵旋转：输出不变，离群值分散到所有通道。有离群值的模型这样更易量化，其他模型可能反而变差。结果是普通检查点，可与当前模型比较。</translation>
    </message>
    <message>
        <source>Write to</source>
        <translation>写入</translation>
    </message>
    <message>
        <source>Matrices as</source>
        <translation>矩阵类型</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Rotating the model</source>
        <translation>正在旋转模型</translation>
    </message>
    <message numerus="yes">
        <source>Written in %1: %2, %n tensors, read back and checked.</source>
        <translation>
            <numerusform>已写出，用时 %1：%2，%n 个张量，已读回核对。</numerusform>
        </translation>
    </message>
    <message>
        <source>Cancelled; nothing was written.</source>
        <translation>已取消，未写入任何内容。</translation>
    </message>
    <message>
        <source>This checkpoint cannot be run here, so it is not known how its tensors belong together.</source>
        <translation>此检查点无法在这里运行，因此不知道各张量之间的关系。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>替换</translation>
    </message>
    <message>
        <source>The file exists and is replaced</source>
        <translation>文件已存在，将被替换</translation>
    </message>
</context>
<context>
    <name>halftone::app::RowGroupModel</name>
    <message>
        <source>group</source>
        <translation>分组</translation>
    </message>
    <message>
        <source>columns</source>
        <translation>列</translation>
    </message>
    <message>
        <source>scale</source>
        <translation>缩放因子</translation>
    </message>
    <message>
        <source>zero/min</source>
        <translation>零点/最小值</translation>
    </message>
    <message>
        <source>rel. error</source>
        <translation>相对误差</translation>
    </message>
    <message>
        <source>largest</source>
        <translation>最大</translation>
    </message>
    <message>
        <source>What codes are multiplied by; in formats with sub-blocks the unit of their scales</source>
        <translation>与编码相乘的值；带子块的格式中为缩放因子的单位</translation>
    </message>
    <message>
        <source>Zero point, or minimum; in formats with sub-blocks the unit of their minimums</source>
        <translation>零点或最小值；带子块的格式中为最小值的单位</translation>
    </message>
    <message>
        <source>Squared error of the group relative to its squared weights</source>
        <translation>该组的平方误差与权重平方和之比</translation>
    </message>
    <message>
        <source>Largest error of a single weight</source>
        <translation>单个权重的最大误差</translation>
    </message>
</context>
<context>
    <name>halftone::app::RuleDialog</name>
    <message>
        <source>Rule</source>
        <translation>规则</translation>
    </message>
    <message>
        <source>any</source>
        <translation>任意</translation>
    </message>
    <message>
        <source>any name; for example ^output</source>
        <translation>任意名称；例如 ^output</translation>
    </message>
    <message>
        <source>default</source>
        <translation>默认</translation>
    </message>
    <message>
        <source>How codes are chosen; “default” follows the recipe&apos;s default method</source>
        <translation>编码如何选取；“默认”即沿用配方的默认方法</translation>
    </message>
    <message>
        <source>to</source>
        <translation>至</translation>
    </message>
    <message>
        <source>Roles (none: any)</source>
        <translation>角色（不选即任意）</translation>
    </message>
    <message>
        <source>Blocks</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Name matches</source>
        <translation>名称匹配</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>方法</translation>
    </message>
    <message numerus="yes">
        <source>Matches %n tensors.</source>
        <translation>
            <numerusform>匹配 %n 个张量。</numerusform>
        </translation>
    </message>
    <message>
        <source>First block</source>
        <translation>起始层</translation>
    </message>
    <message>
        <source>Last block</source>
        <translation>末尾层</translation>
    </message>
    <message>
        <source>Roles</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Zeros and corrections of the format</source>
        <translation>格式的置零与修正</translation>
    </message>
</context>
<context>
    <name>halftone::app::RuleTableModel</name>
    <message>
        <source>any</source>
        <translation>任意</translation>
    </message>
    <message>
        <source>from %1</source>
        <translation>自 %1 起</translation>
    </message>
    <message>
        <source>to %1</source>
        <translation>至 %1 止</translation>
    </message>
    <message>
        <source>Double-click to edit the rule. Later rules win over earlier ones.</source>
        <translation>双击编辑规则。靠后的规则优先于靠前的规则。</translation>
    </message>
    <message>
        <source>default</source>
        <translation>默认</translation>
    </message>
    <message>
        <source>role</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>blocks</source>
        <translation>层</translation>
    </message>
    <message>
        <source>name matches</source>
        <translation>名称匹配</translation>
    </message>
    <message>
        <source>format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>method</source>
        <translation>方法</translation>
    </message>
</context>
<context>
    <name>halftone::app::RunFormatButton</name>
    <message>
        <source>How the recipe is run: attention cache and activations as production rounds them. The original keeps all of both, so that the divergence is that of everything together.</source>
        <translation>配方的运行方式：按生产环境舍入注意力缓存和激活。原模型两者都完整保留，因此散度是所有舍入的总和。</translation>
    </message>
    <message>
        <source>Keys and values are rounded as llama.cpp rounds them</source>
        <translation>按 llama.cpp 的方式舍入 K 和 V</translation>
    </message>
    <message>
        <source>Attention cache</source>
        <translation>注意力缓存</translation>
    </message>
    <message>
        <source>F32: all of it</source>
        <translation>F32：完整保留</translation>
    </message>
    <message>
        <source>Nothing is rounded</source>
        <translation>不做舍入</translation>
    </message>
    <message>
        <source>K Q8_0, V Q4_0</source>
        <translation>K Q8_0，V Q4_0</translation>
    </message>
    <message>
        <source>Activations</source>
        <translation>激活</translation>
    </message>
    <message>
        <source>as they are</source>
        <translation>保持原样</translation>
    </message>
    <message>
        <source>INT8, a scale for each token</source>
        <translation>INT8，每个 token 一个缩放</translation>
    </message>
    <message>
        <source>W8A8 and W4A8 runtimes: the largest magnitude of a token is 127</source>
        <translation>W8A8 与 W4A8 运行时：token 的最大幅值对应 127</translation>
    </message>
    <message>
        <source>INT8, one scale for each layer</source>
        <translation>INT8，每个线性层一个缩放</translation>
    </message>
    <message>
        <source>The largest magnitude that the calibration saw is 127; larger ones are clipped</source>
        <translation>校准见到的最大幅值对应 127，更大的会被截断</translation>
    </message>
    <message>
        <source>FP8 E4M3, a scale for each token</source>
        <translation>FP8 E4M3，每个 token 一个缩放</translation>
    </message>
    <message>
        <source>The largest magnitude of a token is 448</source>
        <translation>token 的最大幅值对应 448</translation>
    </message>
    <message>
        <source>Needs a calibration run, which finds the largest inputs of every layer.</source>
        <translation>需要先校准，以找出每个线性层的最大输入。</translation>
    </message>
    <message>
        <source>cache %1</source>
        <translation>缓存 %1</translation>
    </message>
    <message>
        <source>activations %1</source>
        <translation>激活 %1</translation>
    </message>
    <message>
        <source>all kept</source>
        <translation>完整保留</translation>
    </message>
    <message>
        <source>How the recipe is run: %1</source>
        <translation>配方的运行方式：%1</translation>
    </message>
</context>
<context>
    <name>halftone::app::RunTableModel</name>
    <message>
        <source>exp of the mean negative log-likelihood, with its standard error. Only figures of one protocol and one text can be compared.</source>
        <translation>平均负对数似然的指数，附标准误差。只有同一协议、同一文本的数据才能比较。</translation>
    </message>
    <message>
        <source>Mean Kullback-Leibler divergence from the original&apos;s distribution, in nats. It resolves differences that perplexity cannot.</source>
        <translation>相对原模型分布的平均 KL 散度，单位 nat。能分辨困惑度无法体现的差异。</translation>
    </message>
    <message>
        <source>99 % of the tokens diverge less than this.</source>
        <translation>99 % 的 token 散度低于此值。</translation>
    </message>
    <message>
        <source>Divergence at the token that the recipe hurts most; the text damage panel shows it.</source>
        <translation>配方损害最重的 token 处的散度；见“文本损伤”面板。</translation>
    </message>
    <message>
        <source>Bytes of all weights: on disk, and in memory while they run.</source>
        <translation>所有权重的字节数：既是磁盘占用，也是运行时的内存占用。</translation>
    </message>
    <message>
        <source>Tokens of the text evaluated a second. Runs that took parts over from an earlier one have none.</source>
        <translation>每秒评测的文本 token 数。沿用了之前部分结果的运行没有此项。</translation>
    </message>
    <message>
        <source>Share of tokens where the most likely token is the original&apos;s.</source>
        <translation>首选 token 与原模型相同的比例。</translation>
    </message>
    <message>
        <source>Below %1 a divergence means nothing: of the unlikely tokens the reference keeps a sample.</source>
        <translation>低于 %1 的散度没有意义：对概率很低的 token，基准只保留抽样。</translation>
    </message>
    <message>
        <source>recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>perplexity</source>
        <translation>困惑度</translation>
    </message>
    <message>
        <source>KLD</source>
        <translation>KLD</translation>
    </message>
    <message>
        <source>KLD p99</source>
        <translation>KLD p99</translation>
    </message>
    <message>
        <source>KLD max</source>
        <translation>KLD 最大</translation>
    </message>
    <message>
        <source>same top-1</source>
        <translation>top-1 一致</translation>
    </message>
    <message>
        <source>bits</source>
        <translation>位宽</translation>
    </message>
    <message>
        <source>size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>tokens/s</source>
        <translation>token/秒</translation>
    </message>
    <message>
        <source>protocol</source>
        <translation>协议</translation>
    </message>
    <message>
        <source>text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>time</source>
        <translation>用时</translation>
    </message>
    <message>
        <source>at</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>How much of the original&apos;s texts is in the recipe&apos;s, from 0 to 1, over the prompts of the comparison: Measure on all prompts there. BLEU counts 1 to 4 tokens in a row over all texts, ROUGE-L the longest common subsequence, mean over the texts.</source>
        <translation>配方的文本中有多少是原模型的文本，0 到 1，针对对比面板中的提示词：在那里选择“在所有提示词上测量”。BLEU 统计全部文本中连续 1 至 4 个 token，ROUGE-L 取最长公共子序列，再对文本取平均。</translation>
    </message>
    <message numerus="yes">
        <source>Over %n prompts</source>
        <translation>
            <numerusform>基于 %n 条提示词</numerusform>
        </translation>
    </message>
    <message>
        <source>The recipe in work.</source>
        <translation>当前正在编辑的配方。</translation>
    </message>
    <message>
        <source>Another recipe than the one in work. Double-click to take it back.</source>
        <translation>不是当前配方。双击可恢复该配方。</translation>
    </message>
</context>
<context>
    <name>halftone::app::SamplingBar</name>
    <message>
        <source>temp</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Temperature; 0 takes the most likely token always</source>
        <translation>温度；0 表示总取概率最高的 token</translation>
    </message>
    <message>
        <source>top-p</source>
        <translation>top-p</translation>
    </message>
    <message>
        <source>Keeps the most likely tokens that together have this probability; 1 is off</source>
        <translation>只保留累计概率达到此值的最可能 token；1 为关闭</translation>
    </message>
    <message>
        <source>min-p</source>
        <translation>min-p</translation>
    </message>
    <message>
        <source>Drops tokens less likely than this share of the most likely one; 0 is off</source>
        <translation>舍弃概率低于最高概率此比例的 token；0 为关闭</translation>
    </message>
    <message>
        <source>repeat</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Penalty on tokens of the last 64; 1 is off</source>
        <translation>对最近 64 个 token 的惩罚；1 为关闭</translation>
    </message>
    <message>
        <source>top-k</source>
        <translation>top-k</translation>
    </message>
    <message>
        <source>Keeps the k most likely tokens; 0 is off</source>
        <translation>只保留概率最高的 k 个 token；0 为关闭</translation>
    </message>
    <message>
        <source>seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>length</source>
        <translation>长度</translation>
    </message>
    <message>
        <source>At most so many tokens</source>
        <translation>最多生成的 token 数</translation>
    </message>
    <message>
        <source>The same seed gives the same text on every machine; a blind comparison takes the next one whose texts have not been shown with their names</source>
        <translation>相同的种子在任何机器上都得到相同的文本；盲测会取下一个文本尚未标明来源显示过的种子</translation>
    </message>
</context>
<context>
    <name>halftone::app::SavedFilters</name>
    <message>
        <source>Outliers</source>
        <translation>离群值</translation>
    </message>
    <message>
        <source>Far from the bulk</source>
        <translation>远离主体</translation>
    </message>
    <message>
        <source>Worst ten by KLD alone</source>
        <translation>单独 KLD 最差的十个</translation>
    </message>
    <message>
        <source>Worst ten by error</source>
        <translation>误差最大的十个</translation>
    </message>
    <message>
        <source>Largest ten</source>
        <translation>最大的十个</translation>
    </message>
    <message>
        <source>Attention matrices</source>
        <translation>注意力矩阵</translation>
    </message>
    <message>
        <source>Not finite</source>
        <translation>非有限值</translation>
    </message>
</context>
<context>
    <name>halftone::app::ScatterPlot</name>
    <message>
        <source>%1 against %2</source>
        <translation>%1 与 %2 的关系图</translation>
    </message>
</context>
<context>
    <name>halftone::app::ScreenshotTour</name>
    <message>
        <source>In the beginning</source>
        <translation>In the beginning</translation>
    </message>
    <message>
        <source>The step for picture “%1” did not end.</source>
        <translation>图片“%1”对应的步骤没有结束。</translation>
    </message>
    <message>
        <source>%1 cannot be written.</source>
        <translation>无法写入 %1。</translation>
    </message>
</context>
<context>
    <name>halftone::app::SensitivityService</name>
    <message numerus="yes">
        <source>Trying %n tensors alone</source>
        <translation>
            <numerusform>逐个尝试 %n 个张量</numerusform>
        </translation>
    </message>
    <message>
        <source>Sensitivity</source>
        <translation>敏感度</translation>
    </message>
</context>
<context>
    <name>halftone::app::Session</name>
    <message numerus="yes">
        <source>%n locked tensors were left as they are.</source>
        <translation>
            <numerusform>%n 个已锁定的张量未作改动。</numerusform>
        </translation>
    </message>
    <message>
        <source>Session</source>
        <translation>会话</translation>
    </message>
    <message>
        <source>Opening %1</source>
        <translation>打开 %1</translation>
    </message>
    <message>
        <source>The checkpoint has changed since this session was saved; earlier figures may not belong to it.</source>
        <translation>保存会话之后检查点已发生变化；之前的数据可能不再适用。</translation>
    </message>
    <message>
        <source>Reading the tokenizer</source>
        <translation>读取分词器</translation>
    </message>
    <message>
        <source>Weights can be inspected and exported, but the model does not run here. %1</source>
        <translation>可以查看和导出权重，但该模型不能在此运行。%1</translation>
    </message>
    <message>
        <source>Saving the session</source>
        <translation>保存会话</translation>
    </message>
    <message>
        <source>Saved the session to %1.</source>
        <translation>会话已保存到 %1。</translation>
    </message>
    <message>
        <source>Reading its tokenizer was stopped; open the checkpoint again.</source>
        <translation>读取分词器的过程已被停止；请重新打开检查点。</translation>
    </message>
</context>
<context>
    <name>halftone::app::StatisticsService</name>
    <message>
        <source>Statistics of the weights</source>
        <translation>权重统计</translation>
    </message>
    <message>
        <source>Statistics</source>
        <translation>统计</translation>
    </message>
</context>
<context>
    <name>halftone::app::TensorDelegate</name>
    <message>
        <source>as the rules say</source>
        <translation>按规则</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>方法</translation>
    </message>
</context>
<context>
    <name>halftone::app::TensorPanel</name>
    <message>
        <source>Filter: ffn_down, role=attn_q &amp;&amp; kurtosis&gt;20</source>
        <translation>筛选：ffn_down，role=attn_q &amp;&amp; kurtosis&gt;20</translation>
    </message>
    <message>
        <source>Filter of the tensor table</source>
        <translation>张量表的筛选条件</translation>
    </message>
    <message>
        <source>Tensors</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>方法</translation>
    </message>
    <message>
        <source>Group size</source>
        <translation>分组大小</translation>
    </message>
    <message>
        <source>Lock or unlock</source>
        <translation>锁定或解锁</translation>
    </message>
    <message>
        <source>Clear what was set by hand</source>
        <translation>清除手动设置</translation>
    </message>
    <message>
        <source>Copy as CSV</source>
        <translation>复制为 CSV</translation>
    </message>
    <message numerus="yes">
        <source>%n tensors</source>
        <translation>
            <numerusform>%n 个张量</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 of %2 shown</source>
        <translation>显示 %1 / %2</translation>
    </message>
    <message numerus="yes">
        <source>%n selected</source>
        <translation>
            <numerusform>已选 %n 个</numerusform>
        </translation>
    </message>
    <message>
        <source>Zeros and corrections…</source>
        <translation>置零与修正…</translation>
    </message>
    <message>
        <source>A part of the name, or comparisons: role, block, format, method, stored, kurtosis, maxsigma, error, sqnr, bits, size, outliers, zeros with = != &lt; &lt;= &gt; &gt;= ~ joined by &amp;&amp; and ||. kld&gt;=#10 holds for the ten largest.</source>
        <translation>名称的一部分，或比较：role、block、format、method、stored、kurtosis、maxsigma、error、sqnr、bits、size、outliers、zeros，用 = != &lt; &lt;= &gt; &gt;= ~，以 &amp;&amp; 和 || 连接。kld&gt;=#10 表示最大的十个。</translation>
    </message>
    <message>
        <source>Saved</source>
        <translation>已存</translation>
    </message>
    <message>
        <source>Choose, keep or delete a filter</source>
        <translation>选择、保存或删除筛选</translation>
    </message>
    <message>
        <source>Keep this filter…</source>
        <translation>保存此筛选…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Keep the filter</source>
        <translation>保存筛选</translation>
    </message>
    <message>
        <source>Name of the filter %1</source>
        <translation>筛选 %1 的名称</translation>
    </message>
    <message>
        <source>A filter cannot be kept under the name “%1”: take another.</source>
        <translation>筛选不能以“%1”为名保存：请另取名称。</translation>
    </message>
    <message numerus="yes">
        <source>%n of the selected not shown</source>
        <translation>
            <numerusform>已选中有 %n 个未显示</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::TensorTableModel</name>
    <message>
        <source>scalar</source>
        <translation>标量</translation>
    </message>
    <message>
        <source>%1 bias</source>
        <translation>%1 偏置</translation>
    </message>
    <message>
        <source>Norms, biases and position tables are small and sensitive: they stay in full precision whatever the recipe says.</source>
        <translation>归一化层、偏置与位置表体积小而敏感：无论配方如何，都保持全精度。</translation>
    </message>
    <message>
        <source>Locked: edits, rules and presets leave format and method alone. L unlocks the selected tensors.</source>
        <translation>已锁定：编辑、规则与预设都不会改动其格式与方法。按 L 解锁所选张量。</translation>
    </message>
    <message>
        <source>No rule of the recipe touches this tensor: it stays as stored. Double-click to choose a format.</source>
        <translation>没有规则涉及此张量：保持原样。双击选择格式。</translation>
    </message>
    <message>
        <source>%1 does not fit: its blocks do not divide the row of %2 weights. %3 takes its place.</source>
        <translation>%1 不适用：其分块不能整除每行的 %2 个权重。改用 %3。</translation>
    </message>
    <message>
        <source>The tensor stays as stored: nothing is rounded.</source>
        <translation>此张量保持原样：不作任何舍入。</translation>
    </message>
    <message>
        <source>%1 Values are rounded to the nearest one instead.</source>
        <translation>%1（改为就近舍入。）</translation>
    </message>
    <message>
        <source>%1
Locked: L unlocks the selected tensors.</source>
        <translation>%1
已锁定：按 L 解锁所选张量。</translation>
    </message>
    <message>
        <source>%1
Double-click to choose another method; M does it for all selected tensors.</source>
        <translation>%1
双击另选方法；按 M 为所有选中张量选择。</translation>
    </message>
    <message>
        <source>%1, in the format before</source>
        <translation>%1（之前的格式）</translation>
    </message>
    <message>
        <source>%1
in the file: %2</source>
        <translation>%1
文件中：%2</translation>
    </message>
    <message>
        <source>%1 outputs of %2 inputs</source>
        <translation>%1 个输出，各 %2 个输入</translation>
    </message>
    <message>
        <source>%1; stored transposed</source>
        <translation>%1；以转置方式存储</translation>
    </message>
    <message>
        <source>Of the format before; the new figure is being computed.</source>
        <translation>来自之前的格式；正在计算新的数值。</translation>
    </message>
    <message>
        <source>tensor</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>role</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>shape</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>stored</source>
        <translation>存储</translation>
    </message>
    <message>
        <source>format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>method</source>
        <translation>方法</translation>
    </message>
    <message>
        <source>%1: %2 bits per weight. Double-click to choose another format; digits 2 to 8 set the bits of all selected tensors.</source>
        <translation>%1：每个权重 %2 位。双击可选择其他格式；数字 2 到 8 设置所有选中张量的位数。</translation>
    </message>
</context>
<context>
    <name>halftone::app::TextColumn</name>
    <message>
        <source>Press Generate (Ctrl+Enter): the text appears here, word by word.</source>
        <translation>按“生成”(Ctrl+Enter)：文本会在这里逐词出现。</translation>
    </message>
    <message numerus="yes">
        <source>%n tokens</source>
        <translation>
            <numerusform>%n 个 token</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 tokens/s</source>
        <translation>%1 token/秒</translation>
    </message>
    <message>
        <source>mean KLD %1</source>
        <translation>平均 KLD %1</translation>
    </message>
    <message>
        <source>ended by itself</source>
        <translation>自然结束</translation>
    </message>
    <message>
        <source>context full</source>
        <translation>上下文已满</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
</context>
<context>
    <name>halftone::app::TokenDetails</name>
    <message>
        <source>Likeliest tokens</source>
        <translation>最可能的 token</translation>
    </message>
    <message>
        <source>Copy both lists as CSV</source>
        <translation>将两个列表复制为 CSV</translation>
    </message>
    <message>
        <source>token %1</source>
        <translation>第 %1 个 token</translation>
    </message>
    <message>
        <source>pinned</source>
        <translation>已固定</translation>
    </message>
    <message>
        <source>original</source>
        <translation>原模型</translation>
    </message>
    <message>
        <source>recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>probability</source>
        <translation>概率</translation>
    </message>
    <message>
        <source>rank</source>
        <translation>排名</translation>
    </message>
    <message>
        <source>entropy, nats</source>
        <translation>熵 (nat)</translation>
    </message>
    <message>
        <source>KL divergence</source>
        <translation>KL 散度</translation>
    </message>
</context>
<context>
    <name>halftone::app::TokenLegend</name>
    <message>
        <source>Colour scale of the words</source>
        <translation>词的色标</translation>
    </message>
    <message>
        <source>Change of the word&apos;s own probability: blue where the recipe finds it likelier, orange where less likely</source>
        <translation>该词自身概率的变化：配方认为更可能的为蓝色，更不可能的为橙色</translation>
    </message>
    <message>
        <source>KL divergence of the two predictions at each word in nats; the scale is that of its square root</source>
        <translation>两个模型在每个词处预测的 KL 散度，单位 nat；色标按其平方根</translation>
    </message>
    <message>
        <source>no difference to colour</source>
        <translation>没有可着色的差异</translation>
    </message>
</context>
<context>
    <name>halftone::app::TopTokenModel</name>
    <message>
        <source>%1 (token %2): probability %3, log-probability %4</source>
        <translation>%1 (token %2)：概率 %3，对数概率 %4</translation>
    </message>
    <message>
        <source>The likeliest tokens at this place; the one that stands there is bold.</source>
        <translation>此处最可能的 token；实际出现的以粗体显示。</translation>
    </message>
    <message>
        <source>original</source>
        <translation>原模型</translation>
    </message>
    <message>
        <source>recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>p</source>
        <translation>p</translation>
    </message>
</context>
<context>
    <name>halftone::app::Tour</name>
    <message>
        <source>Open a language model</source>
        <translation>打开语言模型</translation>
    </message>
    <message>
        <source>A Hugging Face folder, a GGUF or a safetensors file. A small model comes with the program: it shows everything in seconds.</source>
        <translation>Hugging Face 文件夹、GGUF 或 safetensors 文件。程序自带一个小模型，几秒内即可看到全部功能。</translation>
    </message>
    <message>
        <source>See where it is difficult</source>
        <translation>看清难处所在</translation>
    </message>
    <message>
        <source>Each cell is a matrix: blocks downwards, roles across, the colour a measure of your choice. Click or drag to select; all views follow.</source>
        <translation>每格是一个矩阵：层自上而下，角色自左而右，颜色为所选度量。点击或拖动即可选择，各视图随之联动。</translation>
    </message>
    <message>
        <source>Find tensors</source>
        <translation>查找张量</translation>
    </message>
    <message>
        <source>Sort by a column, or filter by a condition such as role=ffn_down &amp;&amp; kurtosis&gt;20. Good ones can be kept under Saved.</source>
        <translation>按列排序，或按 role=ffn_down &amp;&amp; kurtosis&gt;20 之类的条件筛选。好用的条件可存入“已存”。</translation>
    </message>
    <message>
        <source>Choose formats</source>
        <translation>选择格式</translation>
    </message>
    <message>
        <source>Begin with a preset, then change what you like: the digits 2 to 8 set the bits of the selection, every edit can be undone.</source>
        <translation>先取一个预设，再随意修改：数字键 2 至 8 设定所选张量的位数，每次编辑都可撤销。</translation>
    </message>
    <message>
        <source>Measure what it costs</source>
        <translation>测量代价</translation>
    </message>
    <message>
        <source>F5 evaluates the recipe against the original: perplexity and divergence with their intervals. Compare shows both as text; File exports the GGUF.</source>
        <translation>按 F5 对照原模型评测配方：困惑度和散度及其误差。“对比”以文本显示两者；“文件”菜单可导出 GGUF。</translation>
    </message>
    <message>
        <source>Open the sample</source>
        <translation>打开示例</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一步</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 / %2</translation>
    </message>
</context>
<context>
    <name>halftone::app::TradeoffPanel</name>
    <message>
        <source>Measures the mixtures of llama-quantize from Q2_K to Q8_0 one after the other: the line that a recipe of your own should lie below.</source>
        <translation>依次测量 llama-quantize 从 Q2_K 到 Q8_0 的混合方案：您的配方应当落在这条线之下。</translation>
    </message>
    <message numerus="yes">
        <source>Stop (%n left)</source>
        <translation>
            <numerusform>停止（剩 %n 个）</numerusform>
        </translation>
    </message>
    <message>
        <source>Measure mixtures</source>
        <translation>测量混合方案</translation>
    </message>
    <message>
        <source>Run a recipe: every recipe that was measured becomes a point here, its size against its divergence from the original.</source>
        <translation>评测一个配方：每个测量过的配方都会成为这里的一个点，横轴为大小，纵轴为与原模型的散度。</translation>
    </message>
    <message>
        <source>Measure the known mixtures</source>
        <translation>测量常用混合方案</translation>
    </message>
    <message>
        <source>recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>%1 · %2 · KLD %3 · click to take it back</source>
        <translation>%1 · %2 · KLD %3 · 单击恢复</translation>
    </message>
    <message>
        <source>size (GB)</source>
        <translation>大小 (GB)</translation>
    </message>
    <message>
        <source>size (MB)</source>
        <translation>大小 (MB)</translation>
    </message>
    <message>
        <source>KL divergence (nats)</source>
        <translation>KL 散度 (nat)</translation>
    </message>
    <message>
        <source>Below %1, the dashed line, a divergence means nothing.</source>
        <translation>低于 %1（虚线）的散度没有意义。</translation>
    </message>
    <message>
        <source>size (kB)</source>
        <translation>大小 (kB)</translation>
    </message>
    <message>
        <source>Size against divergence of the measured recipes</source>
        <translation>已测量配方的大小与散度</translation>
    </message>
    <message>
        <source>%1 bits · %2</source>
        <translation>%1 位 · %2</translation>
    </message>
</context>
<context>
    <name>halftone::app::VoteBar</name>
    <message>
        <source>A is better</source>
        <translation>A 更好</translation>
    </message>
    <message>
        <source>Tie</source>
        <translation>不分上下</translation>
    </message>
    <message>
        <source>B is better</source>
        <translation>B 更好</translation>
    </message>
    <message>
        <source>Blind votes of this session; saved with it</source>
        <translation>本次会话的盲测投票；随会话保存</translation>
    </message>
    <message>
        <source>votes: original %1 · recipe %2 · tie %3</source>
        <translation>投票：原模型 %1 · 配方 %2 · 平手 %3</translation>
    </message>
</context>
<context>
    <name>halftone::app::WorstTokenModel</name>
    <message>
        <source>KL divergence of the recipe&apos;s prediction from the original&apos;s at this word, nats</source>
        <translation>在这个词处，配方的预测相对原模型的 KL 散度，单位 nat</translation>
    </message>
    <message>
        <source>Probability that the original gives this word</source>
        <translation>原模型给这个词的概率</translation>
    </message>
    <message>
        <source>Probability that the recipe gives this word</source>
        <translation>配方给这个词的概率</translation>
    </message>
    <message>
        <source>text before</source>
        <translation>上文</translation>
    </message>
    <message>
        <source>word</source>
        <translation>词</translation>
    </message>
    <message>
        <source>p original</source>
        <translation>p 原模型</translation>
    </message>
    <message>
        <source>p recipe</source>
        <translation>p 配方</translation>
    </message>
    <message>
        <source>KLD</source>
        <translation>KLD</translation>
    </message>
</context>
<context>
    <name>main</name>
    <message>
        <source>Run models on ID: auto, cpu, cpu-reference or vulkan:N.</source>
        <translation>在 ID 所指设备上运行模型：auto、cpu、cpu-reference 或 vulkan:N。</translation>
    </message>
    <message>
        <source>Colours: system, light or dark.</source>
        <translation>配色：system、light 或 dark。</translation>
    </message>
    <message>
        <source>Language: system, en or zh_CN.</source>
        <translation>语言：system、en 或 zh_CN。</translation>
    </message>
    <message>
        <source>Open PATH (or the bundled sample), drive every workspace through its job, save a picture of each step as PNG in DIR, and quit.</source>
        <translation>打开 PATH（或自带示例），依次驱动各工作区完成其任务，把每一步的画面存为 DIR 中的 PNG，然后退出。</translation>
    </message>
    <message>
        <source>A studio for quantizing language models.</source>
        <translation>语言模型量化工作台。</translation>
    </message>
    <message>
        <source>Folder, .gguf, .safetensors or .halftone file to open.</source>
        <translation>要打开的文件夹，或 .gguf、.safetensors、.halftone 文件。</translation>
    </message>
</context>
</TS>
