using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.Multiplexing.Framing;

public sealed class DelimiterFramerTests
{
    private const int Max = 16;

    [Theory]
    [InlineData("\n")]
    [InlineData("hello\n")]
    [InlineData("hello\r\n")]
    [InlineData("\0ÿ\n")]
    public void Measure_Line_EndsWithLf(string line) => Framer("\n").IsRequest(Bytes.Text(line));

    [Theory]
    [InlineData("\r\n", "a\r\n")]
    [InlineData("\r\n", "\ra\nb\r\r\n")]
    [InlineData("\0", "abc\0")]
    [InlineData("aab", "aaaab")]
    [InlineData("abab", "aabaabab")]
    public void Measure_DelimiterOfSeveralBytes_EndsWithAllOfThem(string delimiter, string message)
    {
        Framer(delimiter).IsRequest(Bytes.Text(message));
        Framer(delimiter).IsReply(Bytes.Text(message), []);
    }

    [Fact]
    public void Measure_SeveralInOneBuffer_FirstOnly() =>
        Assert.Equal(FrameMeasure.Complete(2), Framer("\n").Request(Bytes.Text("a\nbb\nccc\n")));

    [Fact]
    public void Measure_PartOfTheDelimiter_NeedsTheRest()
    {
        Assert.Equal(5, Framer("abab").Request(Bytes.Text("xab")).Length);
        Assert.Equal(6, Framer("abab").Request(Bytes.Text("xx")).Length);
    }

    [Fact]
    public void Measure_LongestLine_Passes() => Framer("\r\n").IsRequest(Bytes.Text(new string('x', Max - 2) + "\r\n"));

    [Theory]
    [InlineData("xxxxxxxxxxxxxxx\r\n")]
    [InlineData("xxxxxxxxxxxxxxxx")]
    [InlineData("xxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n")]
    public void Measure_LongerThanAllowed_IsMalformed(string text) => Framer("\r\n").IsMalformed(Bytes.Text(text));

    [Fact]
    public void Measure_Line_IsTheSeedsEcho()
    {
        Assert.True(KnownProtocols.BuiltIn.TryFind("line", out var line));

        Assert.Equal(FrameMeasure.Complete(65_536), line.Request([.. new byte[65_535], (byte)'\n']));
        Assert.Equal(FrameStatus.Malformed, line.Request(new byte[65_536]).Status);
        Assert.Equal(FrameStatus.NeedMore, line.Request(Bytes.Text("cut off"), InputState.Ended).Status);
    }

    private static DelimiterFramer Framer(string delimiter) => new("test", "Test.", Bytes.Text(delimiter), Max);
}
