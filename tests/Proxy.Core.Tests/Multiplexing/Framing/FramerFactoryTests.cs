using Proxy.Configuration.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.Multiplexing.Framing;

public sealed class FramerFactoryTests
{
    [Fact]
    public void Create_LengthField_Measures()
    {
        var config = new LengthFieldConfig
        {
            Offset = 1,
            Size = 4,
            Encoding = LengthEncoding.Ascii,
            Adjust = -1,
            MaxBytes = 10,
        };
        var framer = FramerFactory.Create(new FramingConfig { LengthField = config });

        framer.IsRequest(Bytes.Text("x0006hello"));
        framer.IsMalformed(Bytes.Text("x0007hello!"));
    }

    [Fact]
    public void Create_LittleEndian_Measures() =>
        FramerFactory.Create(new FramingConfig { LengthField = new LengthFieldConfig { Endian = Endian.Little } }).IsRequest([1, 0, 9]);

    [Fact]
    public void Create_Delimiter_Measures()
    {
        var framer = FramerFactory.Create(
            new FramingConfig
            {
                Delimiter = new DelimiterConfig { Bytes = "hex:0D00", MaxBytes = 4 },
            }
        );

        framer.IsRequest([1, 2, 0x0D, 0]);
        framer.IsMalformed([1, 2, 3, 0x0D, 0]);
    }

    [Fact]
    public void Create_FixedLength_Measures() =>
        FramerFactory.Create(new FramingConfig { FixedLength = new FixedLengthConfig { Bytes = 3 } }).IsRequest([1, 2, 3]);

    [Fact]
    public void Create_IdleGap_Measures()
    {
        var framer = FramerFactory.Create(
            new FramingConfig
            {
                IdleGap = new IdleGapConfig { After = TimeSpan.FromSeconds(1), MaxBytes = 9 },
            }
        );

        Assert.Equal(FrameMeasure.NeedMore(2, 9, silence: TimeSpan.FromSeconds(1)), framer.Request([1]));
        Assert.Equal(9, framer.MaxBytes);
    }

    [Fact]
    public void Configure_Nothing_IsTheSame()
    {
        var framer = new FixedLengthFramer(4);

        Assert.Same(framer, FramerFactory.Configure(framer, null, null));
    }

    [Fact]
    public void Configure_CorrelationAndNoReply_BothApply()
    {
        var framer = FramerFactory.Configure(
            new FixedLengthFramer(4),
            new CorrelationConfig { Offset = 2, Size = 2 },
            [
                new() { Offset = 0, EqualTo = "hex:00" },
                new()
                {
                    StartsWith = "hex:02",
                    Contains = "hex:09",
                    NotContains = "hex:08",
                },
            ]
        );

        Assert.Equal(new CorrelationField(2, 2), framer.Correlation);
        framer.IsRequest([0, 1, 2, 3], MessageTraits.NoReply);
        framer.IsRequest([1, 1, 2, 3]);
        framer.IsRequest([2, 9, 2, 3], MessageTraits.NoReply);
        framer.IsRequest([2, 9, 8, 3]);
        framer.IsRequest([2, 1, 2, 3]);
    }
}
