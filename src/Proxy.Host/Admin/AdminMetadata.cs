namespace Proxy.Host.Admin;

/// <summary>What an endpoint says of itself to <see cref="AdminAccess"/>.</summary>
internal static class AdminMetadata
{
    /// <summary>Answers without token and client certificate: it holds nothing that is worth one.</summary>
    public static TBuilder NeedsNoToken<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new WithoutToken());

    /// <summary>Answers without <c>Admin:AllowChanges</c> although its method is not GET: it changes nothing.</summary>
    public static TBuilder ChangesNothing<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new WithoutChange());

    /// <summary>Whether this request has shown what the address asks for: endpoints that need no token may say more to it.</summary>
    public static bool IsAuthorized(HttpContext context) => context.Features.Get<Authorized>() is not null;

    internal sealed class Authorized;

    internal sealed class WithoutToken;

    internal sealed class WithoutChange;
}
