using Microsoft.Extensions.DependencyInjection;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.Multiplexing.Framing;

public sealed class FramerRegistryTests
{
    [Fact]
    public void BuiltIn_AreThoseOfTheContract()
    {
        var names = KnownProtocols.BuiltIn.Framers.Select(static framer => framer.Name);

        Assert.Equal(
            [
                .. (string[])["line", "iso8583", "mpu", "modbus-tcp", "modbus-tcp-crc", "modbus-rtu-over-tcp", "modbus-ascii", "http1"],
                .. (string[])["scpi", "resp", "memcached"],
            ],
            names
        );
        Assert.All(KnownProtocols.BuiltIn.Framers, static framer => Assert.Matches(@"^[A-Z][^\n]{5,110}\.$", framer.Description));
    }

    [Fact]
    public void TryFind_OtherCase_Found()
    {
        Assert.True(KnownProtocols.BuiltIn.TryFind("Modbus-TCP", out var framer));
        Assert.Equal("modbus-tcp", framer.Name);
        Assert.False(KnownProtocols.BuiltIn.TryFind("modbus", out _));
    }

    [Fact]
    public void Constructor_SameNameTwice_Throws()
    {
        var error = Assert.Throws<ArgumentException>(() => new FramerRegistry([new Shouting("LINE"), .. KnownProtocols.BuiltIn.Framers]));

        Assert.Contains("'LINE'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddFramer_OfAnApplication_IsBesideTheBuiltIn()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddTcpProxy().AddFramer<Shouting>();
        using var provider = services.BuildServiceProvider();

        var registry = provider.GetRequiredService<FramerRegistry>();

        Assert.True(registry.TryFind("shouting", out var own));
        Assert.IsType<Shouting>(own);
        Assert.Null(own.Correlation);
        Assert.Same(NoRules.Instance, own.Rules);
        Assert.Equal(
            KnownProtocols.BuiltIn.Framers.Select(static framer => framer.Name),
            registry.Framers.SkipLast(1).Select(static framer => framer.Name)
        );
    }

    private sealed class Shouting(string name) : IMessageFramer
    {
        public Shouting()
            : this("shouting") { }

        public string Name => name;

        public string Description => "Ends with an exclamation mark.";

        public int MaxBytes => 80;

        public FrameMeasure Measure(in MeasureContext context) =>
            context.Buffer.IndexOf((byte)'!') is >= 0 and var end
                ? FrameMeasure.Complete(end + 1)
                : FrameMeasure.NeedMore(context.Buffer.Length + 1, MaxBytes);
    }
}
