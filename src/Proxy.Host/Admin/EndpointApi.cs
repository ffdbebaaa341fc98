using Proxy.Diagnostics;

namespace Proxy.Host.Admin;

/// <summary>The addresses that TCP is listened for on.</summary>
internal static class EndpointApi
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/endpoints", List)
            .WithSummary("The addresses that TCP is listened for on; an endpoint with several has an entry for each.");

    private static IEnumerable<EndpointAnswer> List(ProxyStatus status, ConnectionTracker tracker)
    {
        var open = tracker.Open.CountBy(static record => record.Slot).ToDictionary(StringComparer.Ordinal);
        var state = status.Current;
        var bound = state.Bound;
        return (state.Running?.Bindings ?? [])
            .OrderBy(static binding => binding.EndpointId, StringComparer.OrdinalIgnoreCase)
            .Select(binding => new EndpointAnswer(
                binding.EndpointId,
                binding.Address.Text,
                bound.GetValueOrDefault(binding.Slot)?.ToString(),
                binding.RouteIds,
                open.GetValueOrDefault(binding.Slot)
            ));
    }
}

/// <summary>An address that is listened on.</summary>
/// <param name="Id">The endpoint's id, or a route's Listen text.</param>
/// <param name="Address">As configured.</param>
/// <param name="Bound">As bound, with the real port; null while it is not.</param>
/// <param name="Routes">The routes in the order they are tried.</param>
/// <param name="Connections">Connections that were accepted there and are open.</param>
internal sealed record EndpointAnswer(string Id, string Address, string? Bound, IReadOnlyList<string> Routes, int Connections);
