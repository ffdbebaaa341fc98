using Microsoft.Extensions.DependencyInjection;
using Proxy.Multiplexing.Framing;
using Proxy.Routes;

namespace Proxy.Core.Tests.Multiplexing.Framing;

/// <summary>The protocols that come with the library.</summary>
internal static class KnownProtocols
{
    public static FramerRegistry BuiltIn { get; } = Create();

    private static FramerRegistry Create()
    {
        var services = new ServiceCollection();
        services.AddProtocols();
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<FramerRegistry>();
    }
}
