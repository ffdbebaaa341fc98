namespace Proxy.Host.Contracts;

/// <summary>Why a request was not done.</summary>
/// <param name="Error">What is wrong, and what would be right.</param>
internal sealed record ApiError(string Error);
