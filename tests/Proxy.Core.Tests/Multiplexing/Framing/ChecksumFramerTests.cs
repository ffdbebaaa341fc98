using FsCheck;
using FsCheck.Fluent;
using Proxy.Configuration.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.Multiplexing.Framing;

public sealed class ChecksumFramerTests
{
    private static readonly byte[] _request = Framed("A1 01");
    private static readonly byte[] _reply = Framed("B2 02 03 04 05");
    private static readonly byte[] _sentence = Bytes.Text("$GPGLL,5300.97914,N,00259.98174,E,125926,A*28\r\n");

    // STX, the length of what follows without its CRC.
    private readonly IMessageFramer _framer = Of(
        new()
        {
            LengthField = new()
            {
                Offset = 1,
                Size = 1,
                Adjust = 2,
                MaxBytes = 100,
            },
            Checksum = new() { Algorithm = ChecksumAlgorithm.Crc16Ccitt },
        }
    );

    private readonly IMessageFramer _sentences = Of(
        new()
        {
            Delimiter = new() { Bytes = "\r\n", MaxBytes = 200 },
            Checksum = new()
            {
                Algorithm = ChecksumAlgorithm.Xor8,
                Start = 1,
                End = 5,
                Encoding = ChecksumEncoding.Hex,
            },
        }
    );

    private readonly IMessageFramer _gaps = Of(
        new()
        {
            IdleGap = new() { After = TimeSpan.FromMilliseconds(20), MaxBytes = 200 },
            Checksum = new() { Algorithm = ChecksumAlgorithm.Crc16Modbus },
        }
    );

    [Fact]
    public void Measure_MessagesWithTheirChecksum_AreWhole()
    {
        _framer.IsRequest(_request);
        _framer.IsReply(_reply, _request);
        _sentences.IsRequest(_sentence);
        _sentences.IsReply(_sentence, Bytes.Text("$X*58\r\n"));
    }

    // A client's noise is an error.
    [Theory]
    [InlineData("02 02 A1 01 0000")]
    [InlineData("00 02 02 A1 01 8F1E")]
    [InlineData("02 FF")]
    public void Measure_RequestWithoutChecksum_IsMalformed(string request) => _framer.IsMalformed(Bytes.Hex(request));

    [Fact]
    public void Measure_ReplyWithWrongChecksum_IsMalformedWhenNothingFollows()
    {
        var spoilt = _reply.ToArray();
        spoilt[^1] ^= 1;

        _framer.IsMalformedInSilence(spoilt, _request);
        Assert.Equal("The checksum is wrong.", _framer.Reply(spoilt, _request, InputState.Silent).Reason);
    }

    [Theory]
    [InlineData("00")]
    [InlineData("0000")]
    [InlineData("000000")]
    [InlineData("FF")]
    [InlineData("FF00FF")]
    [InlineData("0D0A0D0A")]
    [InlineData("02")] // looks like the start of one
    [InlineData("02 40 02 02")]
    public void Measure_NoiseBeforeAReply_IsSkipped(string noise)
    {
        byte[] all = [.. Bytes.Hex(noise), .. _reply];
        var skipped = FrameMeasure.Skip(all.Length - _reply.Length);

        // Open, it may still be the start of something.
        var open = _framer.Reply(all, _request);
        Assert.True(open == skipped || (open.Status == FrameStatus.NeedMore && open.Silence > TimeSpan.Zero));
        Assert.Equal(skipped, _framer.Reply(all, _request, InputState.Silent));
        Assert.Equal(skipped, _framer.Reply([.. all, 0, 0, 0], _request, InputState.Silent));
    }

    [Fact]
    public void Measure_NoiseAlone_IsWaitedWith() =>
        Assert.All(
            (string[])["00", "0000", "000000", "00000000000000", "FF", "02", "0D0A"],
            noise =>
                Assert.All(
                    (InputState[])[InputState.Open, InputState.Silent],
                    state => Assert.Equal(FrameStatus.NeedMore, _framer.Reply(Bytes.Hex(noise), _request, state).Status)
                )
        );

    [Fact]
    public void Measure_MuchNoise_IsNotSkipped()
    {
        Assert.Equal(FrameMeasure.Skip(64), _framer.Reply([.. new byte[64], .. _reply], _request, InputState.Silent));
        Assert.NotEqual(FrameStatus.Skip, _framer.Reply([.. new byte[65], .. _reply], _request, InputState.Silent).Status);
        Assert.Equal(FrameStatus.Malformed, _framer.Reply([.. new byte[100]], _request).Status);
    }

    [Fact]
    public void Measure_BannerBeforeALine_IsSkipped()
    {
        var framer = Of(
            new()
            {
                Delimiter = new() { Bytes = "\r\n", MaxBytes = 200 },
                Checksum = new() { Algorithm = ChecksumAlgorithm.Crc16Xmodem, Encoding = ChecksumEncoding.Hex },
            }
        );
        var banner = Bytes.Text("ser2net port 1\r\n");
        byte[] line = [.. "123456789"u8, .. "31C3\r\n"u8];

        Assert.Equal(FrameMeasure.Skip(banner.Length), framer.Reply([.. banner, .. line], line));
    }

    // One message in 256 has a checksum of a byte that fits by chance, and zeros fit nearly all. The end of the spoilt line would fit.
    [Fact]
    public void Measure_ChecksumOfOneByte_IsSearchedForBehindASilentLineOnly()
    {
        var framer = Of(
            new()
            {
                LengthField = new() { Size = 1, Adjust = 1 },
                Checksum = new() { Algorithm = ChecksumAlgorithm.Xor8 },
            }
        );
        byte[] request = [1, 5, 4];

        Assert.Equal(FrameStatus.NeedMore, framer.Reply([9, 1, 7, 6, 0, 0, 0, 0, 0], request, InputState.Silent).Status);
        Assert.Equal(FrameStatus.NeedMore, framer.Reply([99, 8, 8, 8, 8, 1, 7, 6], request, InputState.Silent).Status);
        Assert.Equal(FrameMeasure.Skip(2), framer.Reply([0xFF, 0, 1, 7, 6], request, InputState.Silent));
        _sentences.IsFoundBehind([0], _sentence, _sentence);
        _sentences.IsMalformedInSilence(Bytes.Text("$GPGLL*00\r\n"), _sentence);
    }

    [Fact]
    public void Measure_ReplyInPartsBetweenPauses_IsWaitedFor()
    {
        var crc = Crc16.Compute("part one, part two"u8);
        byte[] reply = [.. "part one, part two"u8, (byte)crc, (byte)(crc >> 8)];

        Assert.Equal(FrameStatus.NeedMore, _gaps.Reply(reply[..9], [1], InputState.Silent).Status);
        Assert.Equal(FrameMeasure.NeedMore(reply.Length + 1, 200, silence: TimeSpan.FromMilliseconds(20)), _gaps.Reply(reply, [1]));
        Assert.Equal(FrameMeasure.Complete(reply.Length), _gaps.Reply(reply, [1], InputState.Silent));
        Assert.Equal(FrameMeasure.Skip(3), _gaps.Reply([0, 0xFF, 7, .. reply], [1], InputState.Silent));
        Assert.Equal(FrameStatus.Malformed, _gaps.Request(reply[..9], InputState.Silent).Status);
    }

    [Fact]
    public void Measure_AnyReplyBehindAnyNoise_IsFoundInSilence()
    {
        var cases =
            from noise in Samples.Data(20)
            from data in Samples.Data(60, 2)
            select (Noise: noise, Reply: Framed(Convert.ToHexString(data)));
        Prop.ForAll(
                cases.ToArbitrary(),
                item =>
                {
                    byte[] all = [.. item.Noise, .. item.Reply];
                    var expected = item.Noise.Length == 0 ? FrameMeasure.Complete(all.Length) : FrameMeasure.Skip(item.Noise.Length);
                    Assert.Equal(expected, _framer.Reply(all, _request, InputState.Silent));
                    _ = Measuring.Fed(_framer, all, _request);
                }
            )
            .QuickCheckThrowOnFailure();
    }

    private static IMessageFramer Of(FramingConfig config) => FramerFactory.Create(config);

    private static byte[] Framed(string data)
    {
        var bytes = Bytes.Hex(data);
        byte[] message = [2, (byte)bytes.Length, .. bytes];
        var crc = Crc.Ccitt.Compute(message);
        return [.. message, (byte)(crc >> 8), (byte)crc];
    }
}
