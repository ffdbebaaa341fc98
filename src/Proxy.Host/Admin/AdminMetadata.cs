namespace Proxy.Host.Admin;

/// <summary>Metadata of endpoints that <see cref="AdminAccess"/> reads.</summary>
internal static class AdminMetadata
{
    /// <summary>The endpoint needs neither token nor client certificate, since it discloses nothing confidential.</summary>
    public static TBuilder NeedsNoToken<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new WithoutToken());

    /// <summary>The endpoint does not need <c>Admin:AllowChanges</c>: it changes nothing, although its method is not GET.</summary>
    public static TBuilder ChangesNothing<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new WithoutChange());

    /// <summary>Whether the request has the configured token and client certificate; if so, any endpoint may answer with details.</summary>
    public static bool IsAuthorized(HttpContext context) => context.Features.Get<Authorized>() is not null;

    internal sealed class Authorized;

    internal sealed class WithoutToken;

    internal sealed class WithoutChange;
}
