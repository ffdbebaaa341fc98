using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Scpi;

namespace Proxy.Core.Tests.Multiplexing.Scpi;

public sealed class ScpiFramerTests
{
    private static readonly byte[] _query = "*IDN?\n"u8.ToArray();
    private readonly ScpiFramer _framer = new();

    [Theory]
    [InlineData("*IDN?\n")]
    [InlineData("*IDN?\r\n")]
    [InlineData(" *idn? \n")]
    [InlineData("MEAS:VOLT? (@101,102)\n")]
    [InlineData("MEAS:VOLT?(@101)\n")]
    [InlineData(":SENS1:FREQ? MAX;:SYST:ERR?\n")]
    [InlineData("VOLT 5;*OPC?\n")]
    [InlineData("*RST;VOLT 5;CURR 1;*OPC?\r\n")]
    [InlineData("DISP:TEXT \"a;b\";*OPC?\n")]
    [InlineData("DATA #13ab\n;*OPC?\n")]
    [InlineData("*OPC?;DATA #13ab\n\n")]
    [InlineData("CALC?\t#B101\n")]
    public void Measure_QueryInAHeader_GetsAReply(string request) => _framer.IsRequest(Bytes.Text(request));

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData(";;\n")]
    [InlineData("*CLS\n")]
    [InlineData("OUTP ON\r\n")]
    [InlineData("VOLT 5; CURR 1 ;\n")]
    [InlineData("DISP:TEXT \"what?\"\n")]
    [InlineData("DISP:TEXT \"a \"\"what?;*IDN?\"\" b\"\n")]
    [InlineData("DISP:TEXT\"a?\"\n")]
    [InlineData("DISP:TEXT 'a;*IDN?'\n")]
    [InlineData("DISP:TEXT 'not closed; *IDN?\n")]
    [InlineData("MMEM:LOAD x?\n")]
    [InlineData("DATA:ARB x,#15a?;b?\n")]
    [InlineData("DATA:ARB #212\n\n\n\n\n\n\n\n\n\n\n\n,#10\n")]
    [InlineData("DATA #0any; bytes?\n")]
    [InlineData("VOLT #H1F;CURR #Q17\n")]
    [InlineData("VOLT # 5\n")]
    [InlineData("TEXT #4 of 7\n")]
    [InlineData("TEXT #\n")]
    public void Measure_NoQueryInAHeader_GetsNone(string request) => _framer.IsRequest(Bytes.Text(request), MessageTraits.NoReply);

    [Theory]
    [InlineData("1\n")]
    [InlineData("\r\n")]
    [InlineData("ACME,PS1,0,1.0\r\n")]
    [InlineData("O'Brien 5\" #4 Inc.,x\n")]
    [InlineData("+1.0E+00,-2;0,\"No error\"\n")]
    [InlineData("-113,\"Undefined header;\"\"#15?\"\"\"\n")]
    [InlineData("\"#15\"\n")]
    [InlineData("#15a\nb\nc\n")]
    [InlineData("#15a\nb\nc\r\n")]
    [InlineData("#10\n")]
    [InlineData("1;#15\n\n\n\n\n;2\n")]
    [InlineData("1, #13a\nb,#13;\n,\n")]
    [InlineData(":CURVE #13a\nb\n")]
    [InlineData("CURVE #13a\nb;:WFM:NR 3\n")]
    [InlineData("#0until the line ends\n")]
    [InlineData("#HFF,#B1\n")]
    [InlineData("7 #13a\n")] // a block begins an element, or stands behind a header
    public void Measure_Answer_EndsWithItsLine(string reply) => _framer.IsReply(Bytes.Text(reply), _query);

    [Fact]
    public void Measure_LongBlock_NeedsExactlyItsRest()
    {
        byte[] reply = [.. "#42048"u8, .. Enumerable.Repeat((byte)'\n', 2048), (byte)'\n'];

        Assert.Equal(FrameMeasure.Complete(reply.Length), _framer.Reply(reply, _query));
        Assert.Equal(FrameMeasure.NeedMore(2055, _framer.MaxBytes), _framer.Reply(reply[..6], _query));
        Assert.Equal(FrameMeasure.NeedMore(2055, _framer.MaxBytes), _framer.Reply(reply[..2054], _query));
    }

    [Fact]
    public void Measure_ManyElements_AreScannedOnce()
    {
        var reply = Bytes.Text(string.Concat(Enumerable.Repeat("1.234,", 50_000)));

        var measure = _framer.Reply(reply, _query);

        Assert.Equal((FrameStatus.NeedMore, reply.Length), (measure.Status, measure.Examined));
        Assert.Equal(FrameMeasure.Complete(reply.Length + 2), _framer.Reply([.. reply, .. "5\n"u8], _query));
    }

    [Theory]
    [InlineData("#9999999999")]
    [InlineData("#867108864")]
    public void Measure_BlockLongerThanAllowed_IsMalformedAtOnce(string start) => _framer.IsMalformed(Bytes.Text(start), _query);

    [Theory]
    [InlineData("")]
    [InlineData("VOLT ")]
    [InlineData("VOLT \"")]
    [InlineData("VOLT 1,'")]
    public void Measure_EndlessElement_IsMalformed(string start)
    {
        byte[] request = [.. Bytes.Text(start), .. Enumerable.Repeat((byte)'x', 70_000)];

        Assert.Equal(FrameStatus.NeedMore, _framer.Request(request[..65_000]).Status);
        Assert.Equal(FrameStatus.Malformed, _framer.Request(request).Status);
        Assert.Equal(FrameStatus.Malformed, _framer.Request([.. request, (byte)'\n']).Status);
        Assert.Equal(FrameStatus.Malformed, _framer.Request([.. request, .. "',1\n"u8]).Status);
    }

    [Fact]
    public void Measure_EndlessIndefiniteBlock_IsMalformed()
    {
        byte[] request = [.. "DATA #0"u8, .. new byte[1024 * 1024]];

        Assert.Equal(FrameStatus.NeedMore, _framer.Request(request[..^10]).Status);
        Assert.Equal(FrameMeasure.Complete(1_000_001, MessageTraits.NoReply), _framer.Request([.. request[..1_000_000], (byte)'\n']));
        Assert.Equal(FrameStatus.Malformed, _framer.Request(request).Status);
        Assert.Equal(FrameStatus.Malformed, _framer.Request([.. request, (byte)'\n']).Status);
    }
}
