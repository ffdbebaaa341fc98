using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Proxy.Configuration.Multiplexing;

namespace Proxy.Multiplexing.Framing;

/// <summary>Registers the protocols that need nothing beyond framing, and the registry of all framers.</summary>
internal static class FramingServices
{
    private const int MaxLine = 65_536;

    public static void AddFraming(this IServiceCollection services)
    {
        services.TryAddSingleton<FramerRegistry>();
        services.AddSingleton<IMessageFramer>(
            new DelimiterFramer("line", "Lines of text, each ended by LF.", [(byte)'\n'], MaxLine) { RepliesInOrder = true }
        );
        services.AddSingleton<IMessageFramer>(
            new LengthFieldFramer(
                "iso8583",
                "A length of two bytes, most significant first and not counting itself, then that many bytes.",
                new LengthField(Offset: 0, Size: 2),
                MaxBytes: 2 + ushort.MaxValue
            )
            {
                AllowsHalfClose = false,
            }
        );
        services.AddSingleton<IMessageFramer>(
            new LengthFieldFramer(
                "mpu",
                "A length of four decimal digits, not counting itself, then that many bytes.",
                new LengthField(Offset: 0, Size: 4, LengthEncoding.Ascii),
                MaxBytes: 4 + 9999
            )
            {
                AllowsHalfClose = false,
            }
        );
    }
}
